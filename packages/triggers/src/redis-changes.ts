import { sleep } from "@bellows/kube";
import type { Redis } from "ioredis";
import type { Opening } from "./define-trigger.ts";
import { flag } from "./metadata.ts";
import { pushedReadings } from "./pushed-readings.ts";
import type { RedisClient } from "./redis-client.ts";
import type { Reading, Trigger } from "./trigger.ts";

/** The parameter of triggers that listen to Redis. */
export const keyspaceNotifications = () =>
  flag().default(true).meta({
    description:
      "Read at each change of the key, where the server's notify-keyspace-events tells of it; false: by polling only. Not for a cluster.",
  });

/** The server may be told to notify while we run. */
const lookAgainMs = 300_000;

interface WatchedKey {
  readonly key: string;
  readonly database: number;
  /** The classes of `notify-keyspace-events` that changes of such a key belong to; any of them will do. */
  readonly eventClasses: string;
  readonly read: (signal: AbortSignal) => Promise<Reading>;
}

/**
 * Pushes a reading at each change of a key, and one in the beginning, since what changed before is not told. The server tells of changes only where its `notify-keyspace-events` says so;
 * where not, that is said once, and polling does alone.
 */
export function keyListener(client: RedisClient, watched: WatchedKey, opening: Opening): Trigger["listen"] {
  const { clock, log, config } = opening;
  const { namespace, name } = config.object;
  const context = { [config.object.kind]: `${namespace}/${name}`, trigger: config.type, key: watched.key };
  const channel = `__keyspace@${watched.database}__:${watched.key}`;
  let isSaid = false;
  const sayOnce = (message: string, more: Record<string, string>) => {
    if (!isSaid) log.warn(message, { ...context, ...more });
    isSaid = true;
  };

  async function notifies(signal: AbortSignal): Promise<boolean> {
    let events: string;
    try {
      events = await client.run((redis) => eventsOf(redis as Redis), signal);
    } catch (error) {
      if (signal.aborted || !isReply(error)) throw error;
      // A server that is another's to configure; it may notify all the same.
      sayOnce("notify-keyspace-events can't be read: changes are heard of only if it is set", { error: error.message });
      return true;
    }
    const told = events.includes("K") && [..."A", ...watched.eventClasses].some((one) => events.includes(one));
    if (!told) {
      sayOnce("the server does not notify of changes, so the key is only polled", {
        "notify-keyspace-events": events,
        expected: `K and one of A${watched.eventClasses}`,
      });
    }
    return told;
  }

  return async (handler, signal) => {
    while (!(await notifies(signal))) {
      await sleep(clock, lookAgainMs, signal);
      if (signal.aborted) return;
    }
    const changed = pushedReadings(watched.read, handler, opening, signal);
    await client.subscribe(channel, { subscribed: changed, message: changed }, signal);
  };
}

async function eventsOf(redis: Redis): Promise<string> {
  const [, events = ""] = (await redis.config("GET", "notify-keyspace-events")) as string[];
  return events;
}

/** The server answered, with a refusal. */
const isReply = (error: unknown): error is Error => (error as Error).name === "ReplyError";
