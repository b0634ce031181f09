import type { Admin, SASLOptions } from "@platformatic/kafka";
import { abortable } from "./abortable.ts";
import { type HttpTls, tlsOptionsOf } from "./http-client.ts";
import type { Offsets } from "./kafka-lag.ts";

/** How the brokers are reached. */
export interface KafkaConnection {
  /** host:port of some brokers. */
  readonly bootstrapServers: readonly string[];
  readonly tls?: HttpTls | undefined;
  readonly sasl?: SASLOptions | undefined;
  /** Longest wait for a connection and for an answer. */
  readonly timeoutMs: number;
}

/** What triggers ask Kafka. Every call rejects with a message that says what failed and why. */
export interface KafkaClient {
  /** The partitions of topics; undefined for a topic that is not there. */
  partitions(
    topics: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly number[] | undefined>>;
  /** What a group has committed of partitions, -1 for nothing; without partitions of all that it has committed of. */
  committed(group: string, partitions: Partitions | undefined, signal: AbortSignal): Promise<Offsets>;
  /** Where partitions end. */
  ends(partitions: Partitions, signal: AbortSignal): Promise<Offsets>;
  /** The topics that the members of a group read. */
  subscriptions(group: string, signal: AbortSignal): Promise<Subscriptions>;
  close(): Promise<void>;
}

export type Partitions = ReadonlyMap<string, readonly number[]>;

export interface Subscriptions {
  readonly state: string;
  readonly members: number;
  readonly topics: readonly string[];
}

/** While a group's coordinator or a partition's leader is chosen, the same question has an answer a little later. */
const retries = 3;
const retryDelayMs = 250;

/** Connects with the first question. */
export function openKafkaClient(connection: KafkaConnection): KafkaClient {
  const closing = new AbortController();
  let admin: Promise<Admin> | undefined;

  async function ask<T>(question: string, asked: (admin: Admin) => Promise<T>, signal: AbortSignal): Promise<T> {
    const until = AbortSignal.any([signal, closing.signal]);
    try {
      admin ??= createAdmin(connection);
      return await abortable(admin.then(asked), until);
    } catch (error) {
      if (!until.aborted) throw explained(question, error);
      await give(admin);
      throw until.reason;
    }
  }

  /** Who does not answer in time gets a new connection. */
  async function give(up: Promise<Admin> | undefined): Promise<void> {
    if (admin === up) admin = undefined;
    void up?.then((opened) => opened.close()).catch(() => {});
  }

  return {
    partitions: async (topics, signal) => {
      const found = await Promise.all(
        topics.map((topic) => ask("error describing topics", (asked) => partitionsOf(asked, topic), signal)),
      );
      return new Map(topics.map((topic, index) => [topic, found[index]]));
    },
    committed: (group, partitions, signal) =>
      ask("error listing consumer group offsets", (asked) => committedBy(asked, group, partitions), signal),
    ends: (partitions, signal) => ask("error listing offsets", (asked) => endsOf(asked, partitions), signal),
    subscriptions: (group, signal) => ask("error describing group", (asked) => subscriptionsOf(asked, group), signal),
    close: async () => {
      closing.abort(new Error("the trigger was closed"));
      await admin?.then((opened) => opened.close()).catch(() => {});
    },
  };
}

async function createAdmin({ bootstrapServers, tls, sasl, timeoutMs }: KafkaConnection): Promise<Admin> {
  const { Admin } = await import("@platformatic/kafka");
  return new Admin({
    clientId: "bellows",
    bootstrapBrokers: [...bootstrapServers],
    autocreateTopics: false,
    retries,
    retryDelay: retryDelayMs,
    timeout: timeoutMs,
    connectTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    ...(tls && { tls: tlsOptionsOf(tls), tlsServerName: !bootstrapServers.some(isAddress) }),
    ...(sasl && { sasl }),
  });
}

/** An address is no name that a server could have a certificate for by SNI. */
const isAddress = (server: string): boolean => /^[\d.]+(:\d+)?$|^\[/.test(server);

async function partitionsOf(admin: Admin, topic: string): Promise<readonly number[] | undefined> {
  try {
    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
    // A topic of Kafka's own is left out of the answer.
    return topics.get(topic)?.partitions.map((_, partition) => partition);
  } catch (error) {
    if (isUnknownTopic(error)) return undefined;
    throw error;
  }
}

const isUnknownTopic = (error: unknown): boolean => /^Unknown topic /.test((error as Error).message);

async function committedBy(admin: Admin, group: string, partitions: Partitions | undefined): Promise<Offsets> {
  const topics = partitions && [...partitions].map(([name, indexes]) => ({ name, partitionIndexes: [...indexes] }));
  const groups = await admin.listConsumerGroupOffsets({ groups: [topics ? { groupId: group, topics } : group] });
  const found = groups.find(({ groupId }) => groupId === group)?.topics ?? [];
  return new Map(
    found.map(({ name, partitions: of }) => [
      name,
      new Map(of.map(({ partitionIndex, committedOffset }) => [partitionIndex, Number(committedOffset)])),
    ]),
  );
}

async function endsOf(admin: Admin, partitions: Partitions): Promise<Offsets> {
  const topics = [...partitions].map(([name, indexes]) => ({
    name,
    partitions: indexes.map((partitionIndex) => ({ partitionIndex, timestamp: -1n })),
  }));
  const listed = await admin.listOffsets({ topics });
  return new Map(
    listed.map(({ name, partitions: of }) => [
      name,
      new Map(of.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)])),
    ]),
  );
}

async function subscriptionsOf(admin: Admin, group: string): Promise<Subscriptions> {
  const described = (await admin.describeGroups({ groups: [group] })).get(group);
  const members = [...(described?.members.values() ?? [])];
  return {
    state: described?.state ?? "UNKNOWN",
    members: members.length,
    topics: [...new Set(members.flatMap(({ metadata }) => metadata?.topics ?? []))],
  };
}

interface KafkaProblem extends Error {
  readonly errors?: readonly KafkaProblem[];
  /** In the broker's own words. */
  readonly serverErrorMessage?: string | null;
}

/** What was not answered, or which connection failed, and what is at the bottom of it. */
function explained(question: string, error: unknown): Error {
  let connection: string | undefined;
  let problem = error as KafkaProblem;
  for (let depth = 0; depth < maxDepth; depth++) {
    if (/^Connection to \S+ failed/.test(problem.message)) connection ??= sentence(problem.message);
    const inner = problem.errors?.[0] ?? (problem.cause as KafkaProblem | undefined);
    if (!inner) break;
    problem = inner;
  }
  const reason = sentence(problem.serverErrorMessage || problem.message);
  const what = connection === undefined ? question : `error creating kafka client: ${connection}`;
  return new Error(`${what}: ${reason}`, { cause: error });
}

const maxDepth = 10;

const sentence = (message: string): string => message.replace(/\.$/, "");
