import type { Channel, ChannelModel } from "amqplib";
import { abortable } from "./abortable.ts";
import { type HttpTls, tlsOptionsOf } from "./http-client.ts";
import type { ObservedQueue } from "./rabbitmq-queues.ts";
import { TriggerError } from "./trigger.ts";

/** An AMQP URI, taken apart (rabbitmq.com/docs/uri-spec). */
export interface AmqpAddress {
  readonly protocol: "amqp" | "amqps";
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** Whether the URI has one; else it is that of the user guest. */
  readonly hasPassword: boolean;
  readonly vhost: string;
  readonly heartbeatSeconds: number;
}

/** A server that is gone without a word is found out by this. */
const defaultHeartbeatSeconds = 10;

/**
 * Takes an AMQP URI apart, with the defaults of the clients that upstream uses.
 * @throws TriggerError  says what is wrong with it; never its text, which may hold a password
 */
export function amqpAddressOf(source: string): AmqpAddress {
  if (/\s/.test(source)) throw wrong("URI must not contain whitespace");
  const url = URL.parse(source);
  if (!/^amqps?:/i.test(source)) throw wrong("AMQP scheme must be either 'amqp://' or 'amqps://'");
  if (!url) throw wrong("expected amqp://USER:PASSWORD@HOST:PORT/VHOST");
  const protocol = url.protocol === "amqps:" ? "amqps" : "amqp";
  const heartbeat = url.searchParams.get("heartbeat") ?? String(defaultHeartbeatSeconds);
  if (!/^[+-]?\d+$/.test(heartbeat)) throw wrong("heartbeat is not an integer");
  return {
    protocol,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1") || "localhost",
    port: url.port === "" ? (protocol === "amqps" ? 5671 : 5672) : Number(url.port),
    username: decoded(url.username) || "guest",
    password: decoded(url.password) || "guest",
    hasPassword: url.password !== "",
    vhost: decoded(url.pathname.slice(1)) || "/",
    heartbeatSeconds: Math.max(0, Number(heartbeat)),
  };
}

const wrong = (problem: string) => new TriggerError(`error parsing RabbitMQ connection string: ${problem}`);

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw wrong("invalid URL escape");
  }
}

export interface AmqpQueue {
  readonly address: AmqpAddress;
  readonly tls: HttpTls | undefined;
  /** The client's certificate says who it is: SASL EXTERNAL. */
  readonly byCertificate: boolean;
  readonly queueName: string;
  readonly connectionName: string;
}

interface Connected {
  readonly model: ChannelModel;
  channel: Promise<Channel> | undefined;
}

/** A connection that isn't made by then is given up, also where nobody waits for it any more. */
const connectTimeoutMs = 30_000;

/** Counts the messages of a queue that must be there. Connects with the first reading, and anew where it was lost. */
export function openAmqpQueue(queue: AmqpQueue): ObservedQueue {
  const closing = new AbortController();
  let current: Promise<Connected> | undefined;

  function connected(): Promise<Connected> {
    if (current) return current;
    const mine = connect(queue, () => lose(mine));
    mine.catch(() => lose(mine));
    current = mine;
    return mine;
  }

  function lose(connection: Promise<Connected>): void {
    if (current === connection) current = undefined;
  }

  function giveUp(): void {
    const given = current;
    current = undefined;
    given?.then(({ model }) => model.close()).catch(() => {});
  }

  return {
    async read(_needed, signal) {
      const until = AbortSignal.any([signal, closing.signal]);
      try {
        const work = connected().then((one) => messagesOf(one, queue.queueName));
        return { messages: await abortable(work, until), publishRate: 0, deliverGetRate: 0 };
      } catch (error) {
        if (until.aborted) giveUp();
        throw error;
      }
    },
    async close() {
      closing.abort(new Error("the trigger was closed"));
      giveUp();
    },
  };
}

async function connect(queue: AmqpQueue, lost: () => void): Promise<Connected> {
  const { connect: dial, credentials } = await import("amqplib");
  const { protocol, host: hostname, port, username, password, vhost, heartbeatSeconds } = queue.address;
  const sasl = queue.byCertificate ? credentials.external() : credentials.plain(username, password);
  try {
    const model = await dial(
      { protocol, hostname, port, vhost: encodeURIComponent(vhost), heartbeat: heartbeatSeconds },
      {
        ...(queue.tls && tlsOptionsOf(queue.tls)),
        credentials: sasl,
        clientProperties: { connection_name: queue.connectionName },
        timeout: connectTimeoutMs,
        keepAlive: true,
      },
    );
    model.on("error", lost);
    model.on("close", lost);
    return { model, channel: undefined };
  } catch (error) {
    const message = `error establishing connection to RabbitMQ: ${reasonOf(error)}`;
    throw new Error(message, { cause: error });
  }
}

/** Declares the queue passively. The server ends the channel where there is no such queue. */
async function messagesOf(one: Connected, queueName: string): Promise<number> {
  one.channel ??= openChannel(one);
  const channel = await one.channel;
  return (await channel.checkQueue(queueName)).messageCount;
}

async function openChannel(one: Connected): Promise<Channel> {
  const ended = () => {
    one.channel = undefined;
  };
  try {
    const channel = await one.model.createChannel();
    // What ended it is told to the call that it ended.
    channel.on("error", () => {});
    channel.on("close", ended);
    return channel;
  } catch (error) {
    ended();
    throw error;
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));
