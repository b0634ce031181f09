import { type Clock, sleep } from "@bellows/kube";
import type { NatsConnection as Connected, ConnectionOptions } from "@nats-io/transport-node";
import { abortable } from "./abortable.ts";

/** How NATS is connected to. */
export interface NatsConnection {
  /** host:port each. */
  readonly servers: readonly string[];
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** Content of a credentials file. */
  readonly credentials?: string | undefined;
  readonly tls: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
}

const connectTimeoutMs = 10_000;
/** A server that is gone without a word is found out by two of these without an answer. */
const pingMs = 20_000;

/**
 * For so long after a message none is listened to: of a busy subject only a few messages a second come here. A stream
 * that is replicated has a message a little later than who hears of it, so that after the pause is looked at again.
 */
const pauseMs = 200;

/**
 * Calls `heard` when a message of one of the subjects was sent, and once in the beginning, until `signal` aborts
 * (resolves) or the connection ends (rejects).
 */
export async function hearMessages(
  connection: NatsConnection,
  subjects: readonly string[],
  heard: () => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const connecting = connect(connection);
  connecting.catch(() => {});
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  try {
    const connected = await abortable(connecting, until);
    connected.closed().then((error) => ended.abort(error ?? new Error("the connection ended")));
    while (!signal.aborted) {
      const hearing = hearOnce(connected, subjects);
      await abortable(connected.flush(), until);
      heard();
      await abortable(hearing.message, until);
      hearing.stop();
      heard();
      await sleep(clock, pauseMs, until);
    }
  } catch (error) {
    if (!signal.aborted) throw new Error(`listening to NATS: ${(error as Error).message}`, { cause: error });
  } finally {
    connecting.then((connected) => connected.close()).catch(() => {});
  }
}

async function connect({ servers, user, password, token, credentials, tls }: NatsConnection): Promise<Connected> {
  const { connect: dial, credsAuthenticator } = await import("@nats-io/transport-node");
  const options: ConnectionOptions = {
    servers: [...servers],
    name: "bellows",
    timeout: connectTimeoutMs,
    pingInterval: pingMs,
    // When to connect anew is up to who listens.
    reconnect: false,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { pass: password }),
    ...(token !== undefined && { token }),
    ...(credentials !== undefined && { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) }),
    ...(tls.ca !== undefined || tls.cert !== undefined
      ? {
          tls: {
            ...(tls.ca !== undefined && { ca: tls.ca }),
            ...(tls.cert !== undefined && { cert: tls.cert }),
            ...(tls.key !== undefined && { key: tls.key }),
          },
        }
      : {}),
  };
  return await dial(options);
}

interface Hearing {
  /** Resolves with the first message of any of the subjects; rejects where the server refuses one. */
  readonly message: Promise<void>;
  stop(): void;
}

/** The server sends no more than one message of each subject. */
function hearOnce(connected: Connected, subjects: readonly string[]): Hearing {
  const { promise: message, resolve, reject } = Promise.withResolvers<void>();
  message.catch(() => {});
  const callback = (error: Error | null) => (error ? reject(error) : resolve());
  const subscriptions = subjects.map((subject) => connected.subscribe(subject, { max: 1, callback }));
  return {
    message,
    stop() {
      for (const subscription of subscriptions) if (!subscription.isClosed()) subscription.unsubscribe();
    },
  };
}
