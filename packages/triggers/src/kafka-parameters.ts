import { flag, integer, list, oneOf, text } from "./metadata.ts";

const fromMetadataOrEnv = ["triggerMetadata", "resolvedEnv"] as const;
const fromMetadataOrAuth = ["triggerMetadata", "authParams"] as const;
const fromAuth = ["authParams"] as const;

/** The parameters that both triggers for Kafka have: what is read. */
export const kafkaGroupParameters = {
  bootstrapServers: list(text()).meta({ from: fromMetadataOrEnv, description: "host:port of some brokers." }),
  consumerGroup: text().meta({ from: fromMetadataOrEnv, description: "The consumer group." }),
};

/** How its lag counts. */
export const kafkaLagParameters = {
  lagThreshold: integer().default(10).meta({ description: "Lag per replica; above 0." }),
  activationLagThreshold: integer().default(0).meta({ description: "Active above this lag." }),
  offsetResetPolicy: oneOf("latest", "earliest").default("latest").meta({
    description: "Where consumers begin: partitions without a commit count as 1 (latest) or whole (earliest).",
  }),
  allowIdleConsumers: flag().default(false).meta({ description: "More replicas than partitions are allowed." }),
  excludePersistentLag: flag()
    .default(false)
    .meta({ description: "Partitions whose committed offset stays from one reading to the next don't count." }),
  scaleToZeroOnInvalidOffset: flag().default(false).meta({ description: "Partitions without a commit count as 0." }),
  limitToPartitionsWithLag: flag().default(false).meta({ description: "No more replicas than partitions with lag." }),
  ensureEvenDistributionOfPartitions: flag()
    .default(false)
    .meta({ description: "Only numbers of replicas among whom the partitions can be shared evenly." }),
};

/** What contradicts `limitToPartitionsWithLag`; undefined for nothing. */
export function lagLimitProblem(values: {
  readonly allowIdleConsumers?: boolean | undefined;
  readonly limitToPartitionsWithLag?: boolean | undefined;
  readonly topic?: unknown;
}): string | undefined {
  if (!values.limitToPartitionsWithLag) return undefined;
  if (values.allowIdleConsumers) {
    return "allowIdleConsumers and limitToPartitionsWithLag cannot be set simultaneously";
  }
  if (values.topic === undefined) return "topic must be specified when using limitToPartitionsWithLag";
  return undefined;
}

/** How brokers and client trust each other. */
export const kafkaTlsParameters = {
  tls: oneOf("enable", "disable").default("disable").meta({ from: fromMetadataOrAuth, description: "Connect by TLS." }),
  ca: text().optional().meta({ from: fromAuth, description: "Certificate that the brokers' are signed by, PEM." }),
  cert: text().optional().meta({ from: fromAuth, description: "The client's certificate, PEM." }),
  key: text().optional().meta({ from: fromAuth, description: "The key of the certificate, PEM." }),
  keyPassword: text().optional().meta({ from: fromAuth, description: "Password of the key." }),
};

/** Who the client is. */
export const kafkaUserParameters = {
  username: text().optional().meta({ from: fromAuth, description: "Name, or the client's id for oauthbearer." }),
  password: text()
    .optional()
    .meta({ from: fromAuth, description: "Password, or the client's secret for oauthbearer." }),
};
