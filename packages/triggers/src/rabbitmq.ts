import { z } from "zod";
import { defineTrigger, type Opening } from "./define-trigger.ts";
import { goQueryEscape } from "./go-values.ts";
import { checkCertificates, type HttpTls } from "./http-client.ts";
import { duration, flag, float, integer, list, text, urlValues } from "./metadata.ts";
import { readingOf } from "./metric.ts";
import { type AmqpAddress, amqpAddressOf, openAmqpQueue } from "./rabbitmq-amqp.ts";
import { openManagementApi } from "./rabbitmq-management.ts";
import { isQueueOperation, type QueueFigures, queueOperations } from "./rabbitmq-queues.ts";
import { type Reading, TriggerError } from "./trigger.ts";

const anywhere = ["triggerMetadata", "authParams", "resolvedEnv"] as const;
const metadataOrAuth = ["triggerMetadata", "authParams"] as const;
const credential = ["authParams", "resolvedEnv"] as const;
const fromAuth = ["authParams"] as const;

const modes = [
  "QueueLength",
  "MessageRate",
  "DeliverGetRate",
  "PublishedToDeliveredRatio",
  "ExpectedQueueConsumptionTime",
] as const;
type Mode = (typeof modes)[number];

const defaultQueueLength = 20;

const RabbitMqMetadata = z.object({
  queueName: text().meta({ description: "The queue; with useRegex an expression that names of queues match." }),
  mode: text()
    .default("Unknown")
    .meta({ description: `What counts: ${modes.join(", ")}. All but QueueLength need HTTP.` }),
  queueLength: float().optional().meta({ description: "The former way to say mode QueueLength and its value." }),
  value: float()
    .optional()
    .meta({
      description: `Per replica: messages, messages a second, a ratio or seconds; ${defaultQueueLength} messages where nothing else is said.`,
    }),
  activationValue: float().default(0).meta({ description: "Active above this value." }),
  host: text().meta({
    from: anywhere,
    description: "amqp(s)://USER:PASSWORD@HOST:PORT/VHOST, or the http(s) URL of the management plugin.",
  }),
  protocol: text()
    .default("auto")
    .meta({ from: metadataOrAuth, description: "amqp, http, or auto: as the host's URL says." }),
  vhostName: text().optional().meta({ from: metadataOrAuth, description: "Instead of the vhost of the host's URL." }),
  useRegex: flag()
    .default(false)
    .meta({ description: "HTTP only: all queues whose names match the queueName, taken together." }),
  excludeUnacknowledged: flag()
    .default(false)
    .meta({ description: "HTTP only: count the ready messages, not those that consumers have in hand." }),
  pageSize: integer()
    .default(100)
    .meta({ description: "For useRegex: so many queues can match; more of them are an error." }),
  operation: text()
    .default("sum")
    .meta({ description: `For useRegex, how the queues are taken together: ${queueOperations.join(", ")}.` }),
  timeout: duration().default(0).meta({ description: "HTTP only: longest wait for an answer; 0: the installation's." }),
  username: text().optional().meta({ from: credential, description: "Instead of the host's user." }),
  password: text().optional().meta({ from: credential, description: "Instead of the host's password." }),
  ca: text().optional().meta({ from: fromAuth, description: "Certificate that the server's is signed by, PEM." }),
  cert: text().optional().meta({
    from: fromAuth,
    description: "The client's certificate, PEM; where there is no password it is the user (SASL EXTERNAL).",
  }),
  key: text().optional().meta({ from: fromAuth, description: "The key of the certificate, PEM." }),
  keyPassword: text().optional().meta({ from: fromAuth, description: "Password of the key." }),
  tls: text()
    .default("disable")
    .meta({ from: fromAuth, description: "enable: use the certificates, and unsafeSsl; or disable." }),
  unsafeSsl: flag().default(false).meta({ description: "Accept any certificate of the server." }),
  workloadIdentityResource: text()
    .optional()
    .meta({ from: fromAuth, description: "Not supported: tokens of Azure are not asked for." }),
  oauthTokenURI: text()
    .optional()
    .meta({ from: fromAuth, description: "HTTP only: where a token is asked for with the clientID." }),
  scopes: list(text())
    .optional()
    .meta({ names: ["scopes", "scope"], from: fromAuth, description: "Of the token." }),
  clientID: text().optional().meta({ from: fromAuth, description: "Whom the token is for." }),
  clientSecret: text().optional().meta({ from: fromAuth, description: "Secret of the clientID." }),
  endpointParams: urlValues()
    .optional()
    .meta({ from: fromAuth, description: "More parameters of the request for a token." }),
});

type RabbitMqMetadata = z.output<typeof RabbitMqMetadata>;

/** A queue of RabbitMQ, seen by AMQP or by the management plugin. */
export const rabbitmq = defineTrigger({
  types: ["rabbitmq"],
  summary: "Replicas follow the messages in a RabbitMQ queue, or their rates.",
  metadata: RabbitMqMetadata,
  problemPrefix: "error parsing RabbitMQ metadata",
  parameterPrefix: "error parsing RabbitMQ metadata",
  validate: problemOf,
  open(values, opening) {
    if (values.workloadIdentityResource !== undefined) {
      throw new TriggerError(
        "workloadIdentityResource: Azure workload identity is not supported, expected a username and a password, or OAuth2",
      );
    }
    const tls = tlsOf(values);
    if (tls) checkCertificates(tls);
    const { mode, target } = aimOf(values);
    const queue =
      protocolOf(values) === "http" ? openManagementApi(values, tls, opening) : openByAmqp(values, tls, opening);
    const spec = opening.external(`rabbitmq-${goQueryEscape(values.queueName)}`, target);
    return {
      metricSpecs: () => [spec],
      read: async (metricName, signal) => {
        const needed = mode === "DeliverGetRate" ? [] : (["messages"] as const);
        try {
          return measured(metricName, mode, await queue.read(needed, signal), values.activationValue);
        } catch (error) {
          throw new Error(anonymous(`error inspecting RabbitMQ: ${(error as Error).message}`), { cause: error });
        }
      },
      close: () => queue.close(),
    };
  },
});

function openByAmqp(values: RabbitMqMetadata, tls: HttpTls | undefined, { config }: Opening) {
  const parsed = amqpAddressOf(values.host);
  const { username, password, vhostName } = values;
  const address: AmqpAddress = {
    ...parsed,
    ...(vhostName !== undefined && { vhost: vhostName }),
    ...(username !== undefined && password !== undefined && { username, password }),
  };
  const hasPassword = password !== undefined || parsed.hasPassword;
  return openAmqpQueue({
    address,
    tls,
    byCertificate: tls?.cert !== undefined && tls.key !== undefined && !hasPassword,
    queueName: values.queueName,
    // As upstream calls its connections: lists of connections and policies go by it.
    connectionName: `keda-${config.object.namespace}-${config.object.name}`,
  });
}

/** What the figures of a queue come to, as upstream computes it for each mode. */
function measured(metricName: string, mode: Mode, figures: QueueFigures, activation: number): Reading {
  const { messages, publishRate, deliverGetRate } = figures;
  const reading = (value: number, active: boolean): Reading => ({
    ...readingOf(metricName, value, activation),
    active,
  });
  switch (mode) {
    case "QueueLength":
      return readingOf(metricName, messages, activation);
    case "MessageRate":
      return reading(publishRate, publishRate > activation || messages > activation);
    case "DeliverGetRate":
      return readingOf(metricName, deliverGetRate, activation);
    case "PublishedToDeliveredRatio": {
      const unserved = publishRate > 0 && deliverGetRate === 0;
      const ratio = unserved ? activation : publishRate > 0 ? publishRate / deliverGetRate : 0;
      return reading(ratio, ratio > activation || unserved);
    }
    case "ExpectedQueueConsumptionTime": {
      if (messages === 0) return reading(0, 0 > activation);
      if (deliverGetRate === 0) return reading(activation, true);
      const seconds = (publishRate - deliverGetRate) / deliverGetRate + messages / deliverGetRate;
      // A queue that is emptied faster than its last messages last comes below 0: as a metric that is 0.
      return reading(Math.max(0, seconds), seconds > activation);
    }
  }
}

/** A name and a password before a host are none of the reader's business. */
export const anonymous = (message: string): string => message.replaceAll(/([^ /:]+):([^/:]+)@/g, "user:password@");

function tlsOf({ tls, ca, cert, key, keyPassword, unsafeSsl }: RabbitMqMetadata): HttpTls | undefined {
  return tls === "enable" ? { ca, cert, key, passphrase: keyPassword, unsafe: unsafeSsl } : undefined;
}

type Given = Partial<RabbitMqMetadata>;

/** In upstream's order; the first of them is told. */
function problemOf(given: Given): string | undefined {
  const { protocol = "auto", tls = "disable", pageSize = 100, username, password } = given;
  if (!["amqp", "http", "auto"].includes(protocol)) {
    return `the protocol has to be either \`amqp\`, \`http\`, or \`auto\` but is \`${protocol}\``;
  }
  if (tls !== "enable" && tls !== "disable") return `incorrect value for TLS given: ${tls}`;
  if ((given.cert === undefined) !== (given.key === undefined)) return "both key and certificate must be provided";
  if (pageSize < 1) return "pageSize should be 1 or greater";
  if ((username === undefined) !== (password === undefined)) return "username and password must be given together";
  const used = protocolOf(given);
  if (used !== "amqp" && used !== "http") return used;
  if (used === "amqp" && given.workloadIdentityResource !== undefined) {
    return "workload identity is not supported for the AMQP protocol at the moment";
  }
  return oauthProblem(given, used) ?? protocolProblem(given, used) ?? aimProblem(given, used);
}

/** `amqp`, `http`, or what is wrong with the host where it should say so. */
function protocolOf({ protocol = "auto", host = "" }: Given): string {
  if (protocol !== "auto") return protocol;
  if (host.startsWith(":")) return "can't parse host to find protocol: missing protocol scheme";
  const scheme = (/^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(host)?.[1] ?? "").toLowerCase();
  if (scheme === "amqp" || scheme === "amqps") return "amqp";
  if (scheme === "http" || scheme === "https") return "http";
  return `unknown host URL scheme: \`${scheme}\``;
}

function oauthProblem(given: Given, protocol: string): string | undefined {
  const { oauthTokenURI, clientID, clientSecret } = given;
  if (oauthTokenURI === undefined && clientID === undefined && clientSecret === undefined) return undefined;
  if (oauthTokenURI === undefined || clientID === undefined || clientSecret === undefined) {
    return "OAuth2 requires tokenUrl clientId and clientSecret to be configured in TriggerAuthentication";
  }
  if (protocol === "amqp") return "OAuth2 authentication is only supported with HTTP protocol, not AMQP";
  if (given.username !== undefined || given.workloadIdentityResource !== undefined) {
    return "OAuth2 authentication cannot be combined with username/password authentication or Azure Workload Identity";
  }
  return undefined;
}

function protocolProblem({ useRegex, excludeUnacknowledged, operation }: Given, protocol: string): string | undefined {
  if (useRegex && protocol !== "http") return "configure useRegex=true only with HTTP protocol";
  if (excludeUnacknowledged && protocol !== "http") {
    return "configure excludeUnacknowledged=true only with HTTP protocol";
  }
  // Upstream finds it with the first queue that matches.
  if (useRegex && operation !== undefined && !isQueueOperation(operation)) {
    return `operation mode ${operation} must be one of ${queueOperations.join(", ")}`;
  }
  return undefined;
}

function aimProblem(given: Given, protocol: string): string | undefined {
  const { mode = "Unknown", queueLength = 0, value = 0, timeout = 0 } = given;
  if (queueLength === 0 && mode === "Unknown" && value === 0) return undefined;
  if (queueLength !== 0) {
    return mode !== "Unknown" || value !== 0 ? "queueLength is deprecated; use mode and value" : undefined;
  }
  if (mode === "Unknown") return "mode must be specified";
  if (value === 0) return "value must be specified";
  if (!isMode(mode)) {
    return `trigger mode ${mode} must be one of ${modes.slice(0, -1).join(", ")} or ${modes.at(-1)}`;
  }
  if (mode !== "QueueLength" && protocol !== "http") {
    return `protocol ${protocol} not supported; must be HTTP to use trigger mode ${mode}`;
  }
  if (protocol === "amqp" && timeout !== 0) {
    return `AMQP protocol doesn't support custom timeouts: ${timeout * 1_000_000}`;
  }
  return undefined;
}

const isMode = (mode: string): mode is Mode => (modes as readonly string[]).includes(mode);

function aimOf({ mode, queueLength = 0, value = 0 }: RabbitMqMetadata): { mode: Mode; target: number } {
  if (queueLength !== 0) return { mode: "QueueLength", target: queueLength };
  return isMode(mode) ? { mode, target: value } : { mode: "QueueLength", target: defaultQueueLength };
}
