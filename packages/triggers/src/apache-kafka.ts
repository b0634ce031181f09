import type { SASLOptions } from "@platformatic/kafka";
import { z } from "zod";
import { awsIdentityParameters, awsLogin } from "./aws-login.ts";
import { defineTrigger, type Opening } from "./define-trigger.ts";
import { checkCertificates } from "./http-client.ts";
import { mskSasl, passwordSasl } from "./kafka-authentication.ts";
import { type KafkaClient, openKafkaClient, type Partitions } from "./kafka-client.ts";
import {
  kafkaGroupParameters,
  kafkaLagParameters,
  kafkaTlsParameters,
  kafkaUserParameters,
  lagLimitProblem,
} from "./kafka-parameters.ts";
import { activePartitions, lagReader, unknownTopic } from "./kafka-reading.ts";
import { integerRanges, list, oneOf, text } from "./metadata.ts";
import { TriggerError } from "./trigger.ts";

const ApacheKafkaMetadata = z.object({
  ...kafkaGroupParameters,
  topic: list(text())
    .optional()
    .meta({
      from: ["triggerMetadata", "resolvedEnv"],
      description:
        "The topics; without them, all topics that the members of the group read, or which a group of the newer protocol (KIP-848) has committed offsets of.",
    }),
  partitionLimitation: integerRanges().optional().meta({ description: "Only these partitions of the topics." }),
  ...kafkaLagParameters,
  offsetResetPolicy: kafkaLagParameters.offsetResetPolicy.meta({ enum: ["earliest", "latest"] }),
  ...kafkaTlsParameters,
  sasl: oneOf("none", "plaintext", "scram_sha256", "scram_sha512", "gssapi", "aws_msk_iam")
    .default("none")
    .meta({
      from: ["triggerMetadata", "authParams"],
      description: "How the client authenticates; gssapi (Kerberos) is not supported.",
    }),
  ...kafkaUserParameters,
  awsRegion: text().optional().meta({ description: "For aws_msk_iam." }),
  ...awsIdentityParameters,
});

type ApacheKafkaMetadata = z.output<typeof ApacheKafkaMetadata>;

export const apacheKafka = defineTrigger({
  types: ["apache-kafka"],
  summary: "As `kafka`, of several topics too; upstream's by another client.",
  metadata: ApacheKafkaMetadata,
  problemPrefix: "error parsing kafka metadata",
  parameterPrefix: "error parsing kafka metadata",
  validate: (values) => lagProblem(values) ?? accessProblem(values),
  open(values, opening) {
    const { topic, consumerGroup, bootstrapServers, ca, cert, key, keyPassword } = values;
    const { config, external } = opening;
    for (const name of ["sasl", "tls"]) {
      if (config.metadata[name] && config.authParams[name]) {
        throw new TriggerError(`unable to set \`${name}\` in both ScaledObject and TriggerAuthentication together`);
      }
    }
    const tls = values.tls === "enable" ? { ca, cert, key, passphrase: keyPassword } : undefined;
    if (tls) checkCertificates(tls);
    const client = openKafkaClient({
      bootstrapServers,
      tls,
      sasl: saslOf(values, opening),
      timeoutMs: config.httpTimeoutMs,
    });
    const limitation = topic && values.partitionLimitation ? new Set(values.partitionLimitation) : undefined;
    const name = topic ? `kafka-${topic.join(",")}` : `kafka-${consumerGroup}-topics`;
    const spec = external(name, values.lagThreshold);
    return {
      metricSpecs: () => [spec],
      read: lagReader(client, values, async (signal) => {
        const topics = topic ?? (await topicsOf(client, consumerGroup, signal));
        return partitionsOf(client, topics, limitation, signal);
      }),
      close: () => client.close(),
    };
  },
});

function lagProblem(values: Partial<ApacheKafkaMetadata>): string | undefined {
  const { lagThreshold = 0, activationLagThreshold = 0 } = values;
  if (lagThreshold <= 0) return "lagThreshold must be a positive number";
  if (activationLagThreshold < 0) return "activationLagThreshold must be a positive number";
  return lagLimitProblem(values);
}

function accessProblem(values: Partial<ApacheKafkaMetadata>): string | undefined {
  const { tls, cert, key, sasl, username, password, awsRegion } = values;
  if (tls === "enable" && (cert === undefined) !== (key === undefined)) {
    return "can't set only one of cert or key when using TLS";
  }
  if (sasl === "plaintext" && (username === undefined || password === undefined)) {
    return "username and password must be set when using SASL/PLAINTEXT";
  }
  if (sasl === "aws_msk_iam") {
    if (awsRegion === undefined) return "awsRegion must be set when using AWS MSK IAM";
    if (tls !== "enable") return "TLS must be enabled when using AWS MSK IAM";
  }
  return undefined;
}

function saslOf(values: ApacheKafkaMetadata, { config, clock }: Opening): SASLOptions | undefined {
  const { sasl, username, password, awsRegion = "" } = values;
  switch (sasl) {
    case "none":
      return undefined;
    case "aws_msk_iam":
      return mskSasl(awsLogin(awsRegion, config), clock, config.httpTimeoutMs);
    case "gssapi":
      throw new TriggerError(`err sasl type ${JSON.stringify(sasl)} given`);
    default:
      return passwordSasl(sasl, username, password);
  }
}

/** The topics that the members of a group read. Upstream takes all topics of the cluster where it has members. */
async function topicsOf(client: KafkaClient, group: string, signal: AbortSignal): Promise<readonly string[]> {
  const { state, members, topics } = await client.subscriptions(group, signal);
  if (members === 0) {
    const committed = state === unknownState ? [...(await client.committed(group, undefined, signal)).keys()] : [];
    if (committed.length > 0) return committed;
    throw new Error(`no active members in group ${group}, group-state is ${state}`);
  }
  if (topics.length === 0) throw new Error(`the members of group ${group} have subscribed to no topic`);
  return topics;
}

/**
 * What brokers call a group that they know nothing of: so they do where it is of the newer protocol (KIP-848), whose
 * members are not told of by the older question. What such a group has committed is.
 */
const unknownState = "Dead";

/** Topics that are not there yet don't count, as long as there is one that is. */
async function partitionsOf(
  client: KafkaClient,
  topics: readonly string[],
  limitation: ReadonlySet<number> | undefined,
  signal: AbortSignal,
): Promise<Partitions> {
  const found = [...(await client.partitions(topics, signal))].flatMap(([topic, partitions]) =>
    partitions ? [[topic, activePartitions(topic, partitions, limitation)] as const] : [],
  );
  if (found.length === 0) throw unknownTopic(topics.join(","));
  return new Map(found);
}
