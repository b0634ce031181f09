import type { Cluster, Redis } from "ioredis";
import type { Opening } from "./define-trigger.ts";
import { readingOf } from "./metric.ts";
import { keyListener } from "./redis-changes.ts";
import type { RedisMode } from "./redis-client.ts";
import { openRedisServer, type RedisServer } from "./redis-connection.ts";
import type { Reading, Trigger } from "./trigger.ts";

/** A key, and what is counted of it. */
export interface CountedKey {
  readonly key: string;
  /** As in `notify-keyspace-events`. */
  readonly eventClasses: string;
  /** Without its prefix. */
  readonly metricName: string;
  /** Per replica. */
  readonly target: number;
  /** Active above it. */
  readonly activation: number;
  readonly count: (redis: Redis | Cluster) => Promise<number>;
}

/**
 * A trigger that counts what a key holds, polled and, where the server tells of changes, pushed.
 * @throws TriggerError  for certificates that are none
 */
export function openCountedKey(
  mode: RedisMode,
  values: RedisServer & { readonly keyspaceNotifications: boolean },
  { key, eventClasses, metricName, target, activation, count }: CountedKey,
  opening: Opening,
): Trigger {
  const client = openRedisServer(mode, values);
  const spec = opening.external(metricName, target);
  const read = async (asked: string, signal: AbortSignal): Promise<Reading> =>
    readingOf(asked, await client.run(count, signal), activation);
  const watched = {
    key,
    database: values.databaseIndex,
    eventClasses,
    read: (signal: AbortSignal) => read(spec.external?.metric.name ?? "", signal),
  };
  return {
    metricSpecs: () => [spec],
    read,
    // The nodes of a cluster tell only of their own keys.
    ...(mode !== "cluster" && values.keyspaceNotifications && { listen: keyListener(client, watched, opening) }),
    close: async () => client.close(),
  };
}
