import { awsCloudwatch, awsSqsQueue } from "./aws.ts";
import { external, externalPush } from "./external-scaler.ts";
import { apacheKafka, kafka } from "./kafka.ts";
import { metricsApi } from "./metrics-api.ts";
import { natsPolled, natsPushed } from "./nats.ts";
import { postgresqlPolled, postgresqlPushed } from "./postgresql.ts";
import { prometheus } from "./prometheus.ts";
import { rabbitmqByAmqp, rabbitmqByHttp } from "./rabbitmq.ts";
import { redisPolled, redisPushed, redisStreamsPolled, redisStreamsPushed } from "./redis.ts";
import type { TriggerSource } from "./trigger-source.ts";
import { kubernetesWorkload } from "./workload.ts";

/** Every server that triggers are run against. */
export const triggerSources: readonly TriggerSource[] = [
  redisPolled,
  redisPushed,
  redisStreamsPolled,
  redisStreamsPushed,
  rabbitmqByAmqp,
  rabbitmqByHttp,
  postgresqlPolled,
  postgresqlPushed,
  natsPolled,
  natsPushed,
  prometheus,
  metricsApi,
  external,
  externalPush,
  kafka,
  apacheKafka,
  awsSqsQueue,
  awsCloudwatch,
  kubernetesWorkload,
];
