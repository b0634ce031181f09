import type { Cluster, Redis, RedisOptions } from "ioredis";
import { abortable } from "./abortable.ts";
import { type HttpTls, tlsOptionsOf } from "./http-client.ts";

/** A server, a cluster, or servers behind sentinels. */
export type RedisMode = "single" | "cluster" | "sentinel";

/** How Redis is connected to. */
export interface RedisConnection {
  readonly mode: RedisMode;
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly sentinelUsername?: string | undefined;
  readonly sentinelPassword?: string | undefined;
  readonly sentinelMaster?: string | undefined;
  readonly database: number;
  readonly tls?: HttpTls | undefined;
}

export interface RedisSubscriber {
  /** From now on messages come; what was sent before was missed. */
  subscribed(): void;
  message(): void;
}

/** One connection, made anew where it was lost. */
export interface RedisClient {
  /** Runs commands; after an abort the connection is given up. */
  run<T>(commands: (redis: Redis | Cluster) => Promise<T>, signal: AbortSignal): Promise<T>;
  /** Calls back at each message of a channel until `signal` aborts (resolves) or the connection ends (rejects). */
  subscribe(channel: string, subscriber: RedisSubscriber, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Connects with the first command. */
export function openRedisClient(connection: RedisConnection): RedisClient {
  const closing = new AbortController();
  let current: Redis | Cluster | undefined;

  async function connected(): Promise<Redis | Cluster> {
    if (current && !["end", "close"].includes(current.status)) return current;
    let redis: Redis | Cluster | undefined;
    // A connection that fails is told as closed only; the reason comes as an event before.
    let reason: unknown;
    try {
      redis = await create(connection, (error) => {
        reason = error;
      });
      current = redis;
      await connecting(redis);
      return redis;
    } catch (error) {
      redis?.disconnect();
      if (current === redis) current = undefined;
      const message = `connection to redis${modeName[connection.mode]} failed: ${reasonOf(reason ?? error)}`;
      throw new Error(message, { cause: error });
    }
  }

  return {
    run: async (commands, signal) => {
      const until = AbortSignal.any([signal, closing.signal]);
      try {
        return await abortable(
          connected().then((redis) => commands(redis)),
          until,
        );
      } catch (error) {
        if (until.aborted) {
          current?.disconnect();
          current = undefined;
        }
        throw error;
      }
    },
    subscribe: async (channel, subscriber, signal) => {
      const redis = (await create(connection, () => {})) as Redis;
      const until = AbortSignal.any([signal, closing.signal]);
      try {
        const ended = new Promise<never>((_, reject) => {
          redis.once("end", () => reject(new Error("the connection to redis ended")));
        });
        ended.catch(() => {});
        redis.on("message", () => subscriber.message());
        await abortable(redis.connect(), until);
        await abortable(redis.subscribe(channel), until);
        subscriber.subscribed();
        await abortable(ended, until);
      } catch (error) {
        if (!until.aborted) throw error;
      } finally {
        redis.disconnect();
      }
    },
    close: () => {
      closing.abort(new Error("the trigger was closed"));
      current?.disconnect();
    },
  };
}

const modeName: Readonly<Record<RedisMode, string>> = { single: "", cluster: " cluster", sentinel: " sentinel" };

async function create(connection: RedisConnection, onError: (error: unknown) => void): Promise<Redis | Cluster> {
  const { Cluster, Redis } = await import("ioredis");
  const { mode, addresses, username, password, database, tls } = connection;
  const common: RedisOptions = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls: tlsOptionsOf(tls) }),
  };
  const redis =
    mode === "cluster"
      ? new Cluster([...addresses], { redisOptions: common, lazyConnect: true, clusterRetryStrategy: () => null })
      : new Redis({
          ...common,
          ...(mode === "sentinel" ? sentinelOptions(connection) : addresses[0]),
          db: database,
          lazyConnect: true,
          maxRetriesPerRequest: 0,
          // The next reading connects anew: when, is up to who reads.
          retryStrategy: () => null,
        });
  redis.on("error", onError);
  return redis;
}

function sentinelOptions(connection: RedisConnection): RedisOptions {
  const { addresses, sentinelMaster, sentinelUsername, sentinelPassword, tls } = connection;
  return {
    sentinels: [...addresses],
    name: sentinelMaster ?? "",
    sentinelRetryStrategy: () => null,
    ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(tls === undefined ? {} : { sentinelTLS: tlsOptionsOf(tls), enableTLSForSentinelMode: true }),
  };
}

/** A cluster whose nodes don't say where they are closes again, and its `connect` never ends. */
function connecting(redis: Redis | Cluster): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ended = () => reject(new Error("the connection was closed before it was ready"));
  redis.once("end", ended);
  redis.connect().then(resolve, reject);
  return promise.finally(() => redis.off("end", ended));
}

/** Of a cluster also what the node that was asked last said. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { lastNodeError } = error as { lastNodeError?: Error };
  const message = error.message || error.name;
  return lastNodeError?.message ? `${message.replace(/\.$/, "")}: ${lastNodeError.message}` : message;
}
