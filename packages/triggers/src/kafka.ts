import type { SASLOptions } from "@platformatic/kafka";
import { z } from "zod";
import { awsIdentityParameters, awsLogin } from "./aws-login.ts";
import { defineTrigger, type Opening } from "./define-trigger.ts";
import { checkCertificates, type HttpClient, openHttpClient } from "./http-client.ts";
import { mskSasl, oauthSasl, passwordSasl } from "./kafka-authentication.ts";
import { type KafkaClient, openKafkaClient, type Partitions } from "./kafka-client.ts";
import {
  kafkaGroupParameters,
  kafkaLagParameters,
  kafkaTlsParameters,
  kafkaUserParameters,
  lagLimitProblem,
} from "./kafka-parameters.ts";
import { parsePartitionLimitation } from "./kafka-partition-limitation.ts";
import { activePartitions, lagReader, unknownTopic } from "./kafka-reading.ts";
import { flag, oneOf, text } from "./metadata.ts";
import { TriggerError } from "./trigger.ts";

const fromMetadataOrAuth = ["triggerMetadata", "authParams"] as const;
const fromAuth = ["authParams"] as const;

const KafkaMetadata = z.object({
  ...kafkaGroupParameters,
  topic: text()
    .optional()
    .meta({
      from: ["triggerMetadata", "resolvedEnv"],
      description: "The topic; without it, all topics that the group has committed offsets of.",
    }),
  partitionLimitation: text().optional().meta({
    description: "Only these partitions of the topic.",
    format: "whole numbers and ranges such as 1,3-5",
  }),
  ...kafkaLagParameters,
  fullMetadata: flag()
    .default(true)
    .meta({ description: "Of no effect, as only the topics in question are ever asked for; false needs a topic." }),
  version: text().optional().meta({
    description: "Only checked, as the version of the protocol is agreed on with the brokers.",
    format: "1.0.0",
  }),
  ...kafkaTlsParameters,
  unsafeSsl: flag().default(false).meta({ description: "Accept any certificate of the brokers." }),
  sasl: oneOf("none", "plaintext", "scram_sha256", "scram_sha512", "oauthbearer", "gssapi").optional().meta({
    from: fromMetadataOrAuth,
    description: "How the client authenticates; gssapi (Kerberos) is not supported.",
  }),
  ...kafkaUserParameters,
  saslTokenProvider: oneOf("bearer", "aws_msk_iam")
    .optional()
    .meta({ from: fromMetadataOrAuth, description: "For oauthbearer: who gives the token; default bearer." }),
  scopes: text().optional().meta({ from: fromAuth, description: "For oauthbearer.", format: "list separated by `,`" }),
  oauthTokenEndpointUri: text().optional().meta({ from: fromAuth, description: "For oauthbearer." }),
  oauthExtensions: text()
    .optional()
    .meta({ from: fromAuth, description: "For oauthbearer.", format: "`key=value` pairs separated by `,`" }),
  keytab: text().optional().meta({ from: fromAuth, description: "For gssapi." }),
  realm: text().optional().meta({ from: fromAuth, description: "For gssapi." }),
  kerberosConfig: text().optional().meta({ from: fromAuth, description: "For gssapi." }),
  kerberosServiceName: text().optional().meta({ from: fromAuth, description: "For gssapi." }),
  kerberosDisableFAST: flag().default(false).meta({ from: fromAuth, description: "For gssapi." }),
  awsRegion: text().optional().meta({ description: "For aws_msk_iam." }),
  ...awsIdentityParameters,
});

type KafkaMetadata = z.output<typeof KafkaMetadata>;

export const kafka = defineTrigger({
  types: ["kafka"],
  summary: "Replicas follow the lag of a consumer group of Apache Kafka.",
  metadata: KafkaMetadata,
  problemPrefix: "error parsing kafka metadata",
  parameterPrefix: "error parsing kafka metadata",
  validate: (values) => lagProblem(values) ?? tlsProblem(values) ?? saslProblem(values),
  open(values, opening) {
    const { topic, consumerGroup, bootstrapServers, ca, cert, key, keyPassword, unsafeSsl } = values;
    const { config, clock, external } = opening;
    const versionProblem = kafkaVersionProblem(values.version);
    if (versionProblem !== undefined) throw new TriggerError(versionProblem);
    const tls = values.tls === "enable" ? { ca, cert, key, passphrase: keyPassword, unsafe: unsafeSsl } : undefined;
    if (tls) checkCertificates(tls);
    const closing = new AbortController();
    const http = openHttpClient({ clock }, config.httpTimeoutMs);
    const sasl = saslOf(values, opening, http, closing.signal);
    const client = openKafkaClient({ bootstrapServers, tls, sasl, timeoutMs: config.httpTimeoutMs });
    const limitation = topic === undefined ? undefined : limitationOf(values);
    const spec = external(
      topic === undefined ? `kafka-${consumerGroup}-topics` : `kafka-${topic}`,
      values.lagThreshold,
    );
    return {
      metricSpecs: () => [spec],
      read: lagReader(client, values, async (signal) => {
        const topics = topic === undefined ? await topicsOf(client, consumerGroup, signal) : [topic];
        return partitionsOf(client, topics, limitation, signal);
      }),
      close: async () => {
        closing.abort(new Error("the trigger was closed"));
        await Promise.all([client.close(), http.close()]);
      },
    };
  },
});

function lagProblem(values: Partial<KafkaMetadata>): string | undefined {
  const { lagThreshold = 0, activationLagThreshold = 0, topic, partitionLimitation } = values;
  if (lagThreshold <= 0) return '"lagThreshold" must be positive number';
  if (activationLagThreshold < 0) return '"activationLagThreshold" must be a non-negative number';
  const limitation = partitionLimitation === undefined ? undefined : parsePartitionLimitation(partitionLimitation);
  if (typeof limitation === "string") return limitation;
  const limitProblem = lagLimitProblem(values);
  if (limitProblem !== undefined) return limitProblem;
  if (values.limitToPartitionsWithLag && values.ensureEvenDistributionOfPartitions) {
    return "limitToPartitionsWithLag and ensureEvenDistributionOfPartitions cannot be set simultaneously";
  }
  if (topic === undefined && values.ensureEvenDistributionOfPartitions) {
    return "topic must be specified when using ensureEvenDistributionOfPartitions";
  }
  if (topic === undefined && values.fullMetadata !== true) {
    return "topic must be specified when fullMetadata is false";
  }
  return undefined;
}

function limitationOf({ partitionLimitation }: KafkaMetadata): ReadonlySet<number> | undefined {
  const limitation = partitionLimitation === undefined ? undefined : parsePartitionLimitation(partitionLimitation);
  return typeof limitation === "string" ? undefined : limitation;
}

function tlsProblem({ tls, cert, key }: Partial<KafkaMetadata>): string | undefined {
  if (tls !== "enable") return undefined;
  if (cert !== undefined && key === undefined) return "key must be provided with cert";
  if (key !== undefined && cert === undefined) return "cert must be provided with key";
  return undefined;
}

function saslProblem(values: Partial<KafkaMetadata>): string | undefined {
  switch (values.sasl) {
    case undefined:
    case "none":
      return undefined;
    case "oauthbearer": {
      const problem = oauthProblem(values);
      return problem && `error parsing OAuth token provider configuration: ${problem}`;
    }
    case "gssapi":
      return kerberosProblem(values);
    default:
      return userProblem(values);
  }
}

function userProblem({ username, password }: Partial<KafkaMetadata>): string | undefined {
  if (username === undefined) return "no username given";
  return password === undefined ? "no password given" : undefined;
}

function oauthProblem(values: Partial<KafkaMetadata>): string | undefined {
  if (values.saslTokenProvider === "aws_msk_iam") {
    if (values.tls !== "enable") return "TLS is required for AWS MSK authentication";
    return values.awsRegion === undefined ? "no awsRegion given" : undefined;
  }
  const problem = userProblem(values);
  if (problem !== undefined) return problem;
  if (values.oauthTokenEndpointUri === undefined) return "no oauth token endpoint uri given";
  return extensionsOf(values.oauthExtensions)
    ? undefined
    : "invalid OAuthBearer extension, must be of format key=value";
}

/** Undefined where they are none. */
function extensionsOf(source: string | undefined): Readonly<Record<string, string>> | undefined {
  const pairs = source === undefined ? [] : source.split(",").map((pair) => pair.split("="));
  return pairs.every((pair) => pair.length === 2) ? Object.fromEntries(pairs) : undefined;
}

function kerberosProblem({ username, password, keytab, realm, kerberosConfig }: Partial<KafkaMetadata>): string {
  if (username === undefined) return "no username given";
  if ((password === undefined) === (keytab === undefined)) {
    return "exactly one of 'password' or 'keytab' must be provided for GSSAPI authentication";
  }
  if (realm === undefined) return "no realm given";
  if (kerberosConfig === undefined) return "no Kerberos configuration file (kerberosConfig) given";
  return "sasl gssapi (Kerberos) is not supported, expected one of none, plaintext, scram_sha256, scram_sha512, oauthbearer";
}

/** What upstream's client takes for a version of Kafka: three numbers, four before 1.0. */
function kafkaVersionProblem(version: string | undefined): string | undefined {
  if (version === undefined) return undefined;
  const isVersion = version.startsWith("0") ? /^0\.\d+\.\d+\.\d+$/ : /^\d+\.\d+\.\d+$/;
  return isVersion.test(version) ? undefined : `error parsing kafka version: invalid version \`${version}\``;
}

function saslOf(
  values: KafkaMetadata,
  { config, clock }: Opening,
  http: HttpClient,
  closing: AbortSignal,
): SASLOptions | undefined {
  const { sasl, username = "", password = "", oauthTokenEndpointUri = "", awsRegion = "" } = values;
  switch (sasl) {
    case "plaintext":
    case "scram_sha256":
    case "scram_sha512":
      return passwordSasl(sasl, username, password);
    case "oauthbearer": {
      if (values.saslTokenProvider === "aws_msk_iam") {
        return mskSasl(loginOf(awsRegion, config), clock, config.httpTimeoutMs);
      }
      const scopes = values.scopes?.split(",").map((scope) => scope.trim()) ?? [];
      const extensions = extensionsOf(values.oauthExtensions) ?? {};
      return oauthSasl({ username, password, oauthTokenEndpointUri, scopes, extensions }, http, clock, closing);
    }
    default:
      return undefined;
  }
}

function loginOf(region: string, config: Opening["config"]) {
  try {
    return awsLogin(region, config);
  } catch (error) {
    throw new TriggerError(`error getting AWS authorization: ${(error as Error).message}`, { cause: error });
  }
}

/** The topics that a group has committed offsets of. */
async function topicsOf(client: KafkaClient, group: string, signal: AbortSignal): Promise<readonly string[]> {
  const topics = [...(await client.committed(group, undefined, signal)).keys()];
  // Upstream takes all topics of the cluster then.
  if (topics.length === 0) throw new Error(`group ${group} has committed no offsets, so topic has to be given`);
  return topics;
}

async function partitionsOf(
  client: KafkaClient,
  topics: readonly string[],
  limitation: ReadonlySet<number> | undefined,
  signal: AbortSignal,
): Promise<Partitions> {
  const found = [...(await client.partitions(topics, signal))];
  return new Map(
    found.map(([topic, partitions]) => {
      if (!partitions) throw unknownTopic(topic);
      return [topic, activePartitions(topic, partitions, limitation)] as const;
    }),
  );
}
