import { apacheKafka } from "./apache-kafka.ts";
import { awsCloudwatch } from "./aws-cloudwatch.ts";
import { awsSqsQueue } from "./aws-sqs-queue.ts";
import { cron } from "./cron.ts";
import { external, externalPush } from "./external.ts";
import { kafka } from "./kafka.ts";
import { kubernetesWorkload } from "./kubernetes-workload.ts";
import { metricsApi } from "./metrics-api.ts";
import { natsJetStream } from "./nats-jetstream.ts";
import { postgresql } from "./postgresql.ts";
import { prometheus } from "./prometheus.ts";
import { rabbitmq } from "./rabbitmq.ts";
import { redis, redisCluster, redisSentinel } from "./redis.ts";
import { redisClusterStreams, redisSentinelStreams, redisStreams } from "./redis-streams.ts";
import { cpu, memory } from "./resource.ts";
import { type Trigger, type TriggerConfig, TriggerError, type TriggerSeams, type TriggerType } from "./trigger.ts";

/** Every type of triggers, by name. Clients of other systems load with the first reading that needs them. */
export const triggerTypes: readonly TriggerType[] = [
  apacheKafka,
  awsCloudwatch,
  awsSqsQueue,
  cpu,
  cron,
  external,
  externalPush,
  kafka,
  kubernetesWorkload,
  memory,
  metricsApi,
  natsJetStream,
  postgresql,
  prometheus,
  rabbitmq,
  redis,
  redisCluster,
  redisClusterStreams,
  redisSentinel,
  redisSentinelStreams,
  redisStreams,
];

const typeByName = new Map(triggerTypes.flatMap((type) => type.types.map((name) => [name, type] as const)));

/** The type of triggers of a name; undefined for none. */
export const triggerTypeOf = (name: string): TriggerType | undefined => typeByName.get(name);

/**
 * Reads the metadata and opens the trigger; nothing is connected before the first reading.
 * @throws TriggerError  for a type that is not known, or metadata that is wrong, in upstream's words
 */
export async function openTrigger(config: TriggerConfig, seams: TriggerSeams): Promise<Trigger> {
  const type = typeByName.get(config.type);
  if (!type) throw new TriggerError(`no scaler found for type: ${config.type}`);
  return await type.open(config, seams);
}
