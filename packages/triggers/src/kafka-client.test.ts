import type { TlsOptions } from "node:tls";
import { issueCa, issueServing, systemClock } from "@bellows/kube";
import { afterEach, expect, test } from "vitest";
import { type FakeBroker, type FakeCluster, fakeKafka } from "./kafka-broker.fixture.ts";
import { fakeHttpServer, open, soon } from "./trigger.fixture.ts";
import type { TriggerConfig } from "./trigger.ts";

let broker: FakeBroker;
afterEach(() => broker.close());

const both = ["kafka", "apache-kafka"];
const jobs = { jobs: { ends: [10, 20, 30] } };
const someCommitted = { g: { jobs: { 0: 4, 1: 20, 2: 27 } } };

async function opened(
  type: string,
  metadata: Record<string, string> = {},
  cluster: Partial<FakeCluster> = { topics: jobs, committed: someCommitted },
  more: Partial<TriggerConfig> = {},
) {
  broker = await fakeKafka(cluster);
  const place = { bootstrapServers: broker.address, consumerGroup: "g", topic: "jobs", ...metadata };
  return open(type, { metadata: place, ...more });
}

const read = async (...given: Parameters<typeof opened>) => {
  const trigger = await opened(...given);
  try {
    const { values, active } = await trigger.read("m", soon());
    return [values[0]?.value, active];
  } finally {
    await trigger.close();
  }
};

test.each(both)("%s: the lag of a topic", async (type) => {
  expect(await read(type)).toEqual([9, true]);
  expect(broker.asked).toEqual(expect.arrayContaining(["Metadata", "FindCoordinator", "OffsetFetch", "ListOffsets"]));
});

test.each(both)("%s: is active above a lag only", async (type) => {
  expect(await read(type, { activationLagThreshold: "9" })).toEqual([9, false]);
});

test.each(both)("%s: of some partitions", async (type) => {
  expect(await read(type, { partitionLimitation: "1-2" })).toEqual([3, true]);
});

test.each(both)("%s: of a group that has committed nothing", async (type) => {
  const cluster = { topics: jobs };
  expect(await read(type, {}, cluster)).toEqual([3, true]);
  await broker.close();
  expect(await read(type, { offsetResetPolicy: "earliest", lagThreshold: "100" }, cluster)).toEqual([60, true]);
  await broker.close();
  expect(await read(type, { scaleToZeroOnInvalidOffset: "true" }, cluster)).toEqual([0, false]);
});

test.each(both)("%s: persistent lag does not count the second time, and keeps the group active", async (type) => {
  const trigger = await opened(type, { excludePersistentLag: "true" });
  expect(await trigger.read("m", soon())).toMatchObject({ values: [{ value: 9 }], active: true });
  broker.cluster.committed = { g: { jobs: { 0: 5, 1: 20, 2: 27 } } };
  expect(await trigger.read("m", soon())).toMatchObject({ values: [{ value: 5 }], active: true });
  expect(await trigger.read("m", soon())).toMatchObject({ values: [{ value: 0 }], active: true });
  await trigger.close();
});

test("kafka: without a topic, of those that the group has committed offsets of", async () => {
  const topics = { ...jobs, mails: { ends: [7] }, others: { ends: [100] } };
  const committed = { g: { ...someCommitted.g, mails: { 0: 5 } } };
  expect(await read("kafka", { topic: "" }, { topics, committed })).toEqual([11, true]);
});

test("kafka: without a topic and without commits it is not known what to read", async () => {
  await expect(read("kafka", { topic: "" }, { topics: jobs })).rejects.toThrow(
    "group g has committed no offsets, so topic has to be given",
  );
});

test("apache-kafka: of several topics, as long as one of them is there", async () => {
  const topics = { ...jobs, mails: { ends: [7] } };
  const committed = { g: { ...someCommitted.g, mails: { 0: 5 } } };
  expect(await read("apache-kafka", { topic: "jobs, mails, later" }, { topics, committed })).toEqual([11, true]);
});

test("apache-kafka: without a topic, of those that the members read", async () => {
  const topics = { ...jobs, mails: { ends: [7] }, others: { ends: [100] } };
  const cluster = {
    topics,
    committed: { g: { jobs: { 0: 10, 1: 20, 2: 30 } } },
    members: { g: [["mails"], ["mails", "jobs"]] },
  };
  expect(await read("apache-kafka", { topic: "" }, cluster)).toEqual([1, true]);
});

test("apache-kafka: without a topic, of a group of the newer protocol, of those that it has committed offsets of", async () => {
  const topics = { ...jobs, mails: { ends: [7] }, others: { ends: [100] } };
  const committed = { g: { ...someCommitted.g, mails: { 0: 5 } } };
  expect(await read("apache-kafka", { topic: "" }, { topics, committed })).toEqual([11, true]);
});

test("apache-kafka: without a topic and without members it is not known what to read", async () => {
  await expect(read("apache-kafka", { topic: "" }, { topics: jobs })).rejects.toThrow(
    "no active members in group g, group-state is Dead",
  );
});

const unknown =
  "error describing topics: kafka server: Request was for a topic or partition that does not exist on this broker: ";
test.each(both)("%s: a topic that is not there is an error, never no lag", async (type) => {
  await expect(read(type, { topic: "none" })).rejects.toThrow(`${unknown}none`);
});

test.each(both)("%s: partitions that are not there are an error, never no lag", async (type) => {
  await expect(read(type, { partitionLimitation: "7" })).rejects.toThrow(
    "expected at least one active partition within the topic 'jobs'",
  );
});

const notAuthorized = { group: 30, topic: 29 };
test.each<[string, FakeCluster["errors"], RegExp]>([
  [
    "a group that is another's",
    { OffsetFetch: [notAuthorized.group, notAuthorized.group, notAuthorized.group, notAuthorized.group] },
    /^error listing consumer group offsets: /,
  ],
  ["a topic that is another's", { Metadata: [notAuthorized.topic] }, /^error describing topics: /],
  ["a partition that is another's", { ListOffsets: [notAuthorized.topic] }, /^error listing offsets: /],
])("an error: %s", async (_, errors, message) => {
  for (const type of both) {
    await expect(
      read(type, {}, { topics: jobs, committed: someCommitted, errors: structuredClone(errors) }),
    ).rejects.toThrow(message);
    await broker.close();
  }
  broker = await fakeKafka();
});

const coordinatorNotAvailable = 15;
test("a coordinator that is being chosen is waited for", async () => {
  const errors = { FindCoordinator: [coordinatorNotAvailable, coordinatorNotAvailable] };
  expect(await read("kafka", {}, { topics: jobs, committed: someCommitted, errors })).toEqual([9, true]);
});

test.each(both)("%s: a broker that is not there", async (type) => {
  const trigger = await opened(type);
  await broker.close();
  await expect(trigger.read("m", soon())).rejects.toThrow(
    `error creating kafka client: Connection to ${broker.address} failed: connect ECONNREFUSED ${broker.address}`,
  );
  await trigger.close();
  broker = await fakeKafka();
});

test("a broker that hangs is given up, and asked anew when it has come to itself", async () => {
  const trigger = await opened("kafka");
  await trigger.read("m", soon());
  broker.cluster.hangs = true;
  await expect(trigger.read("m", AbortSignal.timeout(50))).rejects.toThrow("timeout");
  broker.cluster.hangs = false;
  expect(await trigger.read("m", soon())).toMatchObject({ active: true });
  await trigger.close();
});

test.each(both)("%s: by TLS, brokers and clients are believed by their certificates", async (type) => {
  const now = systemClock.now();
  const ca = await issueCa(now, {});
  const own = await issueServing(ca, now, { names: ["localhost"] });
  const client = await issueServing(ca, now, { names: ["client"], usage: "client" });
  const names: (string | undefined)[] = [];
  const tls: TlsOptions = {
    cert: own.certificate,
    key: own.key,
    ca: ca.certificate,
    requestCert: true,
    rejectUnauthorized: true,
    SNICallback: (name, done) => {
      names.push(name);
      done(null);
    },
  };
  broker = await fakeKafka({ topics: jobs, committed: someCommitted }, { host: "localhost", tls });
  const metadata = { bootstrapServers: broker.address, consumerGroup: "g", topic: "jobs", tls: "enable" };
  const valueWith = async (authParams: Record<string, string>, more: Record<string, string> = {}) => {
    const trigger = await open(type, { metadata: { ...metadata, ...more }, authParams });
    try {
      return (await trigger.read("m", soon())).values[0]?.value;
    } finally {
      await trigger.close();
    }
  };
  const pair = { cert: client.certificate, key: client.key };
  expect(await valueWith({ ca: ca.certificate, ...pair })).toBe(9);
  expect(new Set(names)).toEqual(new Set(["localhost"]));
  await expect(valueWith(pair)).rejects.toThrow(/^error creating kafka client: .* failed: .*certificate/);
  await expect(valueWith({ ca: ca.certificate })).rejects.toThrow(/^error /);
  if (type === "kafka") expect(await valueWith(pair, { unsafeSsl: "true" })).toBe(9);
});

const cluster = (sasl: FakeCluster["sasl"]) => ({ topics: jobs, committed: someCommitted, sasl });

test("by name and password", async () => {
  const sasl = cluster({ PLAIN: (sent) => sent === "\0ann\0hush" });
  const login = { authParams: { username: "ann", password: "hush" } };
  for (const type of both) {
    expect(await read(type, { sasl: "plaintext" }, sasl, login)).toEqual([9, true]);
    await broker.close();
  }
  const wrong = { authParams: { username: "ann", password: "hush!" } };
  const problem = await read("kafka", { sasl: "plaintext" }, sasl, wrong).catch((error: Error) => error.message);
  expect(problem).toBe(
    `error creating kafka client: Connection to ${broker.address} failed: Invalid username or password`,
  );
});

test("a mechanism that the broker does not have", async () => {
  const login = { authParams: { username: "ann", password: "hush" } };
  await expect(read("kafka", { sasl: "scram_sha512" }, cluster({ PLAIN: () => true }), login)).rejects.toThrow(
    "The broker does not support the requested SASL mechanism",
  );
});

test("by a token of an authorization server, with extensions", async () => {
  const authorization = await fakeHttpServer((_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ access_token: "the-token", token_type: "bearer", expires_in: 3600 }));
  });
  const sasl = cluster({ OAUTHBEARER: (sent) => sent === "n,,\x01auth=Bearer the-token\x01tenant=shop\x01\x01" });
  const authParams = {
    username: "id",
    password: "hush",
    scopes: "a, b",
    oauthTokenEndpointUri: authorization.url,
    oauthExtensions: "tenant=shop",
  };
  expect(await read("kafka", { sasl: "oauthbearer" }, sasl, { authParams })).toEqual([9, true]);
  expect(authorization.requests).toHaveLength(1);
  await authorization.close();
});
