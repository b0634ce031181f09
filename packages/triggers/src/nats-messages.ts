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
  /** Seed of a user's nkey. */
  readonly seed?: string | undefined;
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

/** What is listened to. */
export interface NatsSubjects {
  /** Those without which there is nothing to hear. */
  readonly needed: readonly string[];
  /** Those that the user may not be allowed to subscribe to. */
  readonly welcome: readonly string[];
  /** Told of each of these that the server refuses. */
  refused(subject: string, reason: string): void;
}

/**
 * Calls `heard` when a message of one of the subjects was sent, and once in the beginning, until `signal` aborts
 * (resolves), or the connection ends or a subject that is needed is refused (rejects).
 */
export async function hearMessages(
  connection: NatsConnection,
  { needed, welcome, refused }: NatsSubjects,
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
    let allowed = welcome;
    const refuse = (subject: string, reason: string) => {
      allowed = allowed.filter((other) => other !== subject);
      refused(subject, reason);
    };
    while (!signal.aborted) {
      const hearing = hearOnce(connected, { needed, welcome: allowed, refused: refuse });
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

async function connect(connection: NatsConnection): Promise<Connected> {
  const { servers, user, password, token, seed, credentials, tls } = connection;
  const { connect: dial, credsAuthenticator, nkeyAuthenticator } = await import("@nats-io/transport-node");
  const bytes = (text: string) => new TextEncoder().encode(text);
  const authenticator =
    credentials !== undefined
      ? credsAuthenticator(bytes(wholeLines(credentials)))
      : seed !== undefined && nkeyAuthenticator(bytes(seed.trim()));
  // Of a seed that is none the client would fall silent once the server asks for a signature.
  if (authenticator) authenticator("nonce");
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
    ...(authenticator && { authenticator }),
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

/** As the client wants the file: each line with its end, and none of Windows. */
const wholeLines = (text: string): string => `${text.replaceAll("\r\n", "\n")}\n`;

interface Hearing {
  /** Resolves with the first message of any of the subjects; rejects where the server refuses one that is needed. */
  readonly message: Promise<void>;
  stop(): void;
}

/** The server sends no more than one message of each subject. */
function hearOnce(connected: Connected, { needed, welcome, refused }: NatsSubjects): Hearing {
  const { promise: message, resolve, reject } = Promise.withResolvers<void>();
  message.catch(() => {});
  const subscribe = (subject: string, failed: (error: Error) => void) =>
    connected.subscribe(subject, { max: 1, callback: (error) => (error ? failed(error) : resolve()) });
  const subscriptions = [
    ...needed.map((subject) => subscribe(subject, reject)),
    ...welcome.map((subject) => subscribe(subject, ({ message: reason }) => refused(subject, reason))),
  ];
  return {
    message,
    stop() {
      for (const subscription of subscriptions) if (!subscription.isClosed()) subscription.unsubscribe();
    },
  };
}
