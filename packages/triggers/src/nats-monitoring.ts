import { z } from "zod";
import type { HttpClient } from "./http-client.ts";
import { checked, parseJson } from "./json-answer.ts";

/** Which consumer is looked for, and where. */
export interface WatchedConsumer {
  readonly scheme: "http" | "https";
  /** host:port of the monitoring endpoint of any server of the cluster, or of a Service before them. */
  readonly endpoint: string;
  /** Name of the account; empty where only its id is known. */
  readonly account: string;
  readonly accountId: string;
  readonly stream: string;
  readonly consumer: string;
}

/** What is known of a consumer. */
export interface ConsumerState {
  /** Messages that it has not got yet, or got and not acknowledged. */
  readonly lag: number;
  /** The subjects whose messages it gets. */
  readonly subjects: readonly string[];
}

export interface NatsMonitoring {
  /** Asks the server that leads the consumer, since only that knows its state. */
  consumer(signal: AbortSignal): Promise<ConsumerState>;
}

const Count = z.int().min(0);
const Texts = z.array(z.string()).nullish();

const Consumer = z.object({
  name: z.string(),
  num_pending: Count,
  num_ack_pending: Count,
  cluster: z.object({ leader: z.string().optional() }).nullish(),
  config: z.object({ filter_subject: z.string().optional(), filter_subjects: Texts }).nullish(),
});

const Stream = z.object({
  name: z.string(),
  config: z.object({ subjects: Texts }).nullish(),
  consumer_detail: z.array(z.unknown()).nullish(),
});

const JetStreamAnswer = z.object({
  account_details: z
    .array(
      z.object({
        id: z.string().optional(),
        name: z.string().optional(),
        stream_detail: z.array(z.unknown()).nullish(),
      }),
    )
    .nullish(),
  meta_cluster: z.object({ cluster_size: Count.optional() }).nullish(),
});

const Named = z.object({ name: z.string() });

const ServerAnswer = z.object({
  server_name: z.string().optional(),
  connect_urls: Texts,
  cluster: z.object({ urls: Texts }).nullish(),
});

interface Seen {
  readonly clusterSize: number;
  readonly leader: string;
  readonly state: ConsumerState | undefined;
}

interface Leader {
  readonly name: string;
  /** Undefined: the endpoint itself. */
  readonly host: string | undefined;
}

/** More servers than a cluster has: a list that is longer is a flood. */
const maxServers = 64;

/** Looks at a consumer through the monitoring endpoints of its servers, and remembers which of them led it. */
export function openNatsMonitoring(watched: WatchedConsumer, http: HttpClient): NatsMonitoring {
  const { scheme, endpoint, accountId, stream, consumer } = watched;
  const query = new URLSearchParams({ acc: accountId, config: "true", consumers: "true" });
  let known: Leader | undefined;

  async function ask<Schema extends z.ZodType>(
    host: string,
    path: string,
    schema: Schema,
    signal: AbortSignal,
  ): Promise<z.output<Schema>> {
    const { status, statusText, body } = await http.get({ url: `${scheme}://${host}${path}`, signal });
    if (status !== 200) throw new Error(`GET ${scheme}://${host}${pathOf(path)}: ${status} ${statusText}`);
    return checked(schema, parseJson(body));
  }
  const look = async (host: string, signal: AbortSignal): Promise<Seen> =>
    seenIn(await ask(host, `/jsz?${query}`, JetStreamAnswer, signal), watched);

  /** Where it led last time; that server may be gone. */
  async function lookWhereItWas(signal: AbortSignal): Promise<Seen> {
    if (known?.host === undefined) return await look(endpoint, signal);
    try {
      return await look(known.host, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      known = undefined;
      return await look(endpoint, signal);
    }
  }

  async function lookAtEach(signal: AbortSignal): Promise<ConsumerState> {
    const { connect_urls: advertised, cluster } = await ask(endpoint, "/varz", ServerAnswer, signal);
    const isAdvertised = (advertised ?? []).length > 0;
    const addresses = (isAdvertised ? advertised : cluster?.urls) ?? [];
    const problems: string[] = [];
    for (const address of addresses.slice(0, maxServers)) {
      try {
        const host = isAdvertised ? besidePort(hostOf(address)) : `${address.split(".")[0]}.${endpoint}`;
        const name = isAdvertised
          ? (await ask(host, "/varz", ServerAnswer, signal)).server_name
          : address.split(".")[0];
        const { leader, state } = await look(host, signal);
        if (!state || leader !== name) continue;
        known = { name: leader, host };
        return state;
      } catch (error) {
        // One server that is gone must not hide the others.
        if (signal.aborted) throw error;
        problems.push((error as Error).message);
      }
    }
    throw new Error([`leader node not found for consumer ${consumer}`, ...problems].join("; "));
  }

  /** The monitoring port is taken to be the same everywhere. */
  function besidePort(host: string): string {
    const port = /:(\d+)$/.exec(endpoint)?.[1];
    return port === undefined ? host : `${host}:${port}`;
  }

  return {
    async consumer(signal) {
      const before = known;
      const { clusterSize, leader, state } = await lookWhereItWas(signal);
      if (state && before && before.name !== "" && before.name === leader && before === known) return state;
      if (clusterSize > 1) {
        known = undefined;
        return await lookAtEach(signal);
      }
      known = state && { name: leader, host: undefined };
      if (state) return state;
      if (before && before.name !== "") throw new Error("stream not found");
      throw new Error(`consumer ${JSON.stringify(consumer)} not found in stream ${JSON.stringify(stream)}`);
    },
  };
}

function seenIn(
  answer: z.output<typeof JetStreamAnswer>,
  { account, accountId, stream, consumer }: WatchedConsumer,
): Seen {
  const clusterSize = answer.meta_cluster?.cluster_size ?? 0;
  for (const { id, name, stream_detail: streams } of answer.account_details ?? []) {
    if (id !== accountId && name !== account) continue;
    for (const found of named(streams, stream)) {
      const { config, consumer_detail: consumers } = checked(Stream, found);
      for (const one of named(consumers, consumer)) {
        const { num_pending: pending, num_ack_pending: unacknowledged, cluster, config: own } = checked(Consumer, one);
        const filters = [own?.filter_subject, ...(own?.filter_subjects ?? [])].filter((subject) => subject);
        const subjects = filters.length > 0 ? filters : (config?.subjects ?? []);
        const state = { lag: pending + unacknowledged, subjects: subjects as string[] };
        return { clusterSize, leader: cluster?.leader ?? "", state };
      }
    }
  }
  return { clusterSize, leader: "", state: undefined };
}

/** Those of a name; what the others look like does not matter. */
const named = (all: readonly unknown[] | null | undefined, name: string): unknown[] =>
  (all ?? []).filter((one) => Named.safeParse(one).data?.name === name);

/** The host of host:port, an IPv6 address in its brackets. */
const hostOf = (address: string): string => /^(\[[^\]]*\]|[^:]*)/.exec(address)?.[0] ?? "";

const pathOf = (path: string): string => path.replace(/\?.*$/, "");
