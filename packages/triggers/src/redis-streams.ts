import type { Cluster, Redis } from "ioredis";
import { z } from "zod";
import { defineTrigger } from "./define-trigger.ts";
import { integer, text } from "./metadata.ts";
import { keyspaceNotifications } from "./redis-changes.ts";
import type { RedisMode } from "./redis-client.ts";
import { redisServerParameters, redisServerProblem } from "./redis-connection.ts";
import { type CountedKey, openCountedKey } from "./redis-key.ts";
import type { TriggerType } from "./trigger.ts";

const RedisStreamsMetadata = z.object({
  pendingEntriesCount: integer()
    .default(5)
    .meta({ description: "Entries per replica that the group has read and not acknowledged." }),
  streamLength: integer().default(5).meta({ description: "Entries of the stream per replica, without consumerGroup." }),
  lagCount: integer()
    .default(0)
    .meta({ description: "Entries per replica that the group has not read, instead of pendingEntriesCount; Redis 7." }),
  stream: text().meta({ description: "Key of the stream." }),
  consumerGroup: text().optional().meta({ description: "Name of the consumer group." }),
  activationLagCount: integer().default(0).meta({ description: "Active above so many entries, of whichever count." }),
  keyspaceNotifications: keyspaceNotifications(),
  ...redisServerParameters,
});

type RedisStreamsMetadata = z.output<typeof RedisStreamsMetadata>;

export const redisStreams = redisStreamsTrigger(
  "redis-streams",
  "single",
  "Replicas follow a stream of a Redis server: its length, or the entries that a consumer group has left.",
);
export const redisClusterStreams = redisStreamsTrigger(
  "redis-cluster-streams",
  "cluster",
  "As `redis-streams`, of a Redis cluster.",
);
export const redisSentinelStreams = redisStreamsTrigger(
  "redis-sentinel-streams",
  "sentinel",
  "As `redis-streams`, of a server behind sentinels.",
);

function redisStreamsTrigger(type: string, mode: RedisMode, summary: string): TriggerType {
  return defineTrigger({
    types: [type],
    summary,
    metadata: RedisStreamsMetadata,
    problemPrefix: "error parsing redis streams metadata",
    parameterPrefix: "error parsing redis stream metadata",
    validate: (values) =>
      redisServerProblem(values) ?? (values.stream === undefined ? "missing redis stream name" : undefined),
    open(values, opening) {
      const { stream, activationLagCount } = values;
      const counted = {
        ...countedBy(values),
        key: stream,
        eventClasses: "t",
        metricName: `redis-streams-${stream}`,
        activation: activationLagCount,
      };
      return openCountedKey(mode, values, counted, opening);
    },
  });
}

/** Which count of the stream is meant, and how many of it a replica is for. */
function countedBy({
  stream,
  consumerGroup,
  lagCount,
  pendingEntriesCount,
  streamLength,
}: RedisStreamsMetadata): Pick<CountedKey, "target" | "count"> {
  if (consumerGroup === undefined) return { target: streamLength, count: (redis) => redis.xlen(stream) };
  if (lagCount !== 0) return { target: lagCount, count: (redis) => lagOf(redis, stream, consumerGroup) };
  return { target: pendingEntriesCount, count: (redis) => pendingOf(redis, stream, consumerGroup) };
}

async function pendingOf(redis: Redis | Cluster, stream: string, group: string): Promise<number> {
  const [count] = await redis.xpending(stream, group);
  return Number(count);
}

/** Entries that the group has still to read; all of them where there is no such group yet, as nobody has read any. */
async function lagOf(redis: Redis | Cluster, stream: string, group: string): Promise<number> {
  checkVersion(await infoOf(redis));
  let groups: readonly Record<string, unknown>[];
  try {
    groups = ((await redis.xinfo("GROUPS", stream)) as unknown[][]).map(fieldsOf);
  } catch (error) {
    if ((error as Error).message === "ERR no such key") return 0;
    throw error;
  }
  const found = groups.find(({ name }) => name === group);
  if (!found) return redis.xlen(stream);
  // Entries were deleted, or the group was set to an entry that is none.
  if (typeof found["lag"] !== "number") throw new Error(`redis does not know the lag of group ${group}`);
  return found["lag"];
}

async function infoOf(redis: Redis | Cluster): Promise<string> {
  try {
    return await redis.info();
  } catch (error) {
    throw new Error("could not find Redis version", { cause: error });
  }
}

/** The lag of a group came with Redis 7. */
function checkVersion(info: string): void {
  const version = /^redis_version:(.*?)\r?$/m.exec(info)?.[1];
  if (version === undefined) throw new Error("could not find Redis version number");
  const [major = ""] = version.split(".");
  if (!/^[+-]?\d+$/.test(major)) throw new Error("redis version could not be converted to number");
  if (Number(major) < 7) throw new Error("redis version 7+ required for lag");
}

/** A map as RESP2 has it: names and values by turns. */
function fieldsOf(pairs: readonly unknown[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (let at = 0; at < pairs.length; at += 2) fields[String(pairs[at])] = pairs[at + 1];
  return fields;
}
