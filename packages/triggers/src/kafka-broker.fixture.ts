import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

export interface FakeTopic {
  /** Where each partition ends. */
  readonly ends: readonly number[];
}

/** What the broker knows, and how it behaves. Tests change it as they go. */
export interface FakeCluster {
  topics: Record<string, FakeTopic>;
  /** By group, topic and partition. */
  committed: Record<string, Record<string, Record<number, number>>>;
  /** Topics that the members of a group read. */
  members: Record<string, readonly (readonly string[])[]>;
  /** Error codes of Kafka by the name of what is asked, as often as given. */
  errors: Partial<Record<ApiName, number[]>>;
  /** What the client has to send, by mechanism; none: it need not authenticate. */
  sasl: Record<string, (sent: string) => boolean>;
  hangs: boolean;
}

export interface FakeBroker {
  readonly address: string;
  readonly cluster: FakeCluster;
  readonly asked: ApiName[];
  close(): Promise<void>;
}

type ApiName = keyof typeof apis;

/** The versions are those of brokers of 2017: what newer ones add is not needed. */
const apis = {
  ListOffsets: { key: 2, version: 1 },
  Metadata: { key: 3, version: 1 },
  OffsetFetch: { key: 9, version: 2 },
  FindCoordinator: { key: 10, version: 0 },
  DescribeGroups: { key: 15, version: 0 },
  SaslHandshake: { key: 17, version: 1 },
  ApiVersions: { key: 18, version: 1 },
  SaslAuthenticate: { key: 36, version: 0 },
} as const;

const nameOfKey = new Map(Object.entries(apis).map(([name, { key }]) => [key as number, name as ApiName]));

const unknownTopicOrPartition = 3;
const saslAuthenticationFailed = 58;
const unsupportedSaslMechanism = 33;

/** One broker of Kafka that is all of its cluster, on this machine; over TLS where it gets certificates. */
export async function fakeKafka(
  given: Partial<FakeCluster> = {},
  { host = "127.0.0.1", tls }: { readonly host?: string; readonly tls?: TlsOptions } = {},
): Promise<FakeBroker> {
  const cluster: FakeCluster = {
    topics: {},
    committed: {},
    members: {},
    errors: {},
    sasl: {},
    hangs: false,
    ...given,
  };
  const asked: ApiName[] = [];
  const sockets = new Set<Socket>();
  let port = 0;
  const serve = (socket: Socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    let mechanism = "";
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => {
      received = Buffer.concat([received, data]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const end = 4 + received.readInt32BE(0);
        const request = new Source(received.subarray(4, end));
        received = received.subarray(end);
        if (cluster.hangs) continue;
        const [key, version, correlation] = [request.int16(), request.int16(), request.int32()];
        request.text();
        const name = nameOfKey.get(key) ?? "ApiVersions";
        asked.push(name);
        if (name === "SaslHandshake") mechanism = peekText(request);
        const error = cluster.errors[name]?.shift() ?? 0;
        const body = answer(name, { request, version, error, cluster, host, port, mechanism });
        const response = new Sink().int32(correlation).bytes(body.done());
        const whole = response.done();
        socket.write(Buffer.concat([new Sink().int32(whole.length).done(), whole]));
      }
    });
  };
  const server = tls ? createTlsServer(tls, serve) : createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  return {
    address: `${host}:${port}`,
    cluster,
    asked,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

interface Question {
  readonly request: Source;
  readonly version: number;
  readonly error: number;
  readonly cluster: FakeCluster;
  /** Where it tells clients to find it. */
  readonly host: string;
  readonly port: number;
  readonly mechanism: string;
}

const brokerId = 1;

function answer(name: ApiName, question: Question): Sink {
  const { request, version, error, cluster, host, port, mechanism } = question;
  const sink = new Sink();
  switch (name) {
    case "ApiVersions":
      return apiVersions(sink, version);
    case "Metadata": {
      sink.array([brokerId], (id) => sink.int32(id).text(host).int32(port).text(null)).int32(brokerId);
      return sink.array(
        request.array(() => request.text() ?? ""),
        (topic) => {
          const known = cluster.topics[topic];
          sink
            .int16(error || (known ? 0 : unknownTopicOrPartition))
            .text(topic)
            .int8(0);
          sink.array(known?.ends ?? [], (_, partition) =>
            sink
              .int16(0)
              .int32(partition)
              .int32(brokerId)
              .array([brokerId], (id) => sink.int32(id))
              .array([brokerId], (id) => sink.int32(id)),
          );
        },
      );
    }
    case "FindCoordinator":
      return sink.int16(error).int32(brokerId).text(host).int32(port);
    case "OffsetFetch": {
      const of = cluster.committed[request.text() ?? ""] ?? {};
      const topics = request.nullableArray(() => ({
        name: request.text() ?? "",
        partitions: request.array(() => request.int32()),
      }));
      const all = Object.entries(of).map(([topic, by]) => ({ name: topic, partitions: Object.keys(by).map(Number) }));
      return sink
        .array(topics ?? all, (topic) =>
          sink.text(topic.name).array(topic.partitions, (partition) =>
            sink
              .int32(partition)
              .int64(of[topic.name]?.[partition] ?? -1)
              .text(null)
              .int16(error),
          ),
        )
        .int16(0);
    }
    case "ListOffsets": {
      request.int32();
      const topics = request.array(() => ({
        name: request.text() ?? "",
        partitions: request.array(() => [request.int32(), request.int64()] as const),
      }));
      return sink.array(topics, (topic) =>
        sink.text(topic.name).array(topic.partitions, ([partition]) =>
          sink
            .int32(partition)
            .int16(error)
            .int64(-1)
            .int64(cluster.topics[topic.name]?.ends[partition] ?? -1),
        ),
      );
    }
    case "DescribeGroups":
      return sink.array(
        request.array(() => request.text() ?? ""),
        (group) => {
          const members = cluster.members[group];
          sink
            .int16(error)
            .text(group)
            .text(members ? "Stable" : "Dead")
            .text("consumer")
            .text("range");
          sink.array(members ?? [], (topics, index) => {
            sink.text(`m${index}`).text("client").text("/127.0.0.1");
            sink.sized(subscribed(topics)).sized(new Sink().int16(0).int32(0).int32(-1).done());
          });
        },
      );
    case "SaslHandshake": {
      const known = Object.keys(cluster.sasl);
      return sink.int16(known.includes(mechanism) ? 0 : unsupportedSaslMechanism).array(known, (one) => sink.text(one));
    }
    case "SaslAuthenticate": {
      const isGood = cluster.sasl[mechanism]?.(request.sized().toString()) === true;
      if (isGood) return sink.int16(0).text(null).sized(Buffer.alloc(0));
      return sink.int16(saslAuthenticationFailed).text("Invalid username or password").sized(Buffer.alloc(0));
    }
  }
}

function apiVersions(sink: Sink, version: number): Sink {
  const all = Object.values(apis);
  if (version < 3) {
    return sink
      .int16(0)
      .array(all, ({ key, version: of }) => sink.int16(key).int16(of).int16(of))
      .int32(0);
  }
  sink.int16(0).int8(all.length + 1);
  for (const { key, version: of } of all) sink.int16(key).int16(of).int16(of).int8(0);
  return sink.int32(0).int8(0);
}

/** How a member says which topics it reads. */
function subscribed(topics: readonly string[]): Buffer {
  const sink = new Sink().int16(0);
  return sink
    .array(topics, (topic) => sink.text(topic))
    .int32(-1)
    .done();
}

function peekText(source: Source): string {
  return source.copy().text() ?? "";
}

/** The protocol's values, read one after the other. */
class Source {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  copy = (): Source => new Source(this.#bytes, this.#at);
  int16 = (): number => this.#bytes.readInt16BE(this.#move(2));
  int32 = (): number => this.#bytes.readInt32BE(this.#move(4));
  int64 = (): number => Number(this.#bytes.readBigInt64BE(this.#move(8)));

  text(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    const at = this.#move(length);
    return this.#bytes.toString("utf8", at, at + length);
  }

  sized(): Buffer {
    const length = this.int32();
    const at = this.#move(length);
    return this.#bytes.subarray(at, at + length);
  }

  array<T>(item: () => T): T[] {
    return this.nullableArray(item) ?? [];
  }

  nullableArray<T>(item: () => T): T[] | undefined {
    const length = this.int32();
    return length < 0 ? undefined : Array.from({ length }, item);
  }

  #move(bytes: number): number {
    const at = this.#at;
    this.#at += bytes;
    return at;
  }
}

/** The protocol's values, written one after the other. */
class Sink {
  readonly #parts: Buffer[] = [];

  int8 = (value: number): this => this.#add(1, (part) => part.writeInt8(value));
  int16 = (value: number): this => this.#add(2, (part) => part.writeInt16BE(value));
  int32 = (value: number): this => this.#add(4, (part) => part.writeInt32BE(value));
  int64 = (value: number): this => this.#add(8, (part) => part.writeBigInt64BE(BigInt(value)));
  text = (value: string | null): this =>
    value === null ? this.int16(-1) : this.int16(Buffer.byteLength(value)).bytes(Buffer.from(value));
  sized = (value: Buffer): this => this.int32(value.length).bytes(value);

  bytes(value: Buffer): this {
    this.#parts.push(value);
    return this;
  }

  array<T>(items: readonly T[], item: (item: T, index: number) => unknown): this {
    this.int32(items.length);
    items.forEach(item);
    return this;
  }

  done = (): Buffer => Buffer.concat(this.#parts);

  #add(bytes: number, write: (part: Buffer) => void): this {
    const part = Buffer.alloc(bytes);
    write(part);
    return this.bytes(part);
  }
}
