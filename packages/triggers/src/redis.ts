import type { Cluster, Redis } from "ioredis";
import { z } from "zod";
import { defineTrigger } from "./define-trigger.ts";
import { integer, text } from "./metadata.ts";
import { keyspaceNotifications } from "./redis-changes.ts";
import type { RedisMode } from "./redis-client.ts";
import { redisServerParameters, redisServerProblem } from "./redis-connection.ts";
import { openCountedKey } from "./redis-key.ts";
import type { TriggerType } from "./trigger.ts";

const RedisMetadata = z.object({
  listLength: integer().default(5).meta({ description: "Items per replica." }),
  activationListLength: integer().default(0).meta({ description: "Active above so many items." }),
  listName: text().meta({ description: "Key of a list, set, sorted set or hash." }),
  keyspaceNotifications: keyspaceNotifications(),
  ...redisServerParameters,
});

export const redis = redisTrigger("redis", "single", "Replicas follow the length of a list of a Redis server.");
export const redisCluster = redisTrigger("redis-cluster", "cluster", "As `redis`, of a Redis cluster.");
export const redisSentinel = redisTrigger("redis-sentinel", "sentinel", "As `redis`, of a server behind sentinels.");

function redisTrigger(type: string, mode: RedisMode, summary: string): TriggerType {
  return defineTrigger({
    types: [type],
    summary,
    metadata: RedisMetadata,
    problemPrefix: "error parsing redis metadata",
    parameterPrefix: "error parsing redis metadata",
    validate: redisServerProblem,
    open(values, opening) {
      const { listName, listLength, activationListLength } = values;
      const counted = {
        key: listName,
        eventClasses: "lshz",
        metricName: `redis-${listName}`,
        target: listLength,
        activation: activationListLength,
        count: (redis: Redis | Cluster) => lengthOf(redis, listName),
      };
      return openCountedKey(mode, values, counted, opening);
    },
  });
}

async function lengthOf(client: Redis | Cluster, key: string): Promise<number> {
  const type = await client.type(key);
  switch (type) {
    case "zset":
      return client.zcard(key);
    case "set":
      return client.scard(key);
    case "hash":
      return client.hlen(key);
    case "list":
    case "none":
      return client.llen(key);
    default:
      throw new Error(`ERR unsupported key type: ${type}`);
  }
}
