import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issueCa, issueServing, systemClock } from "@bellows/kube";
import { createInbox } from "@nats-io/transport-node";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HttpExchange } from "./http-client.ts";
import { natsJetStream } from "./nats-jetstream.ts";
import { hasNatsServer, type NatsServer, natsUser, startNatsCluster, startNatsServer } from "./nats-server.fixture.ts";
import { freePorts } from "./server-process.fixture.ts";
import { aTriggerConfig, fakeSeams, metricNameOf, open, problemOf, soon } from "./trigger.fixture.ts";
import type { Push, Trigger } from "./trigger.ts";

type Texts = Record<string, string>;

const parsing = "error parsing NATS JetStream metadata: error parsing nats metadata: ";
const whole = {
  natsServerMonitoringEndpoint: "nats.nats:8222",
  account: "$G",
  stream: "mystream",
  consumer: "pull_consumer",
};
const { natsServerMonitoringEndpoint: endpoint, ...atNowhere } = whole;
const { account: _account, ...ofNobody } = whole;

describe("metadata", () => {
  test.each<[string, Texts, Texts?]>([
    ["an account by name and id", { ...whole, accountID: "$G", useHttps: "false" }],
    ["HTTPS", { ...whole, useHttps: "true" }],
    ["an account by its id", { ...ofNobody, accountID: "$G" }],
    ["an activation value", { ...whole, activationLagThreshold: "10" }],
    ["an endpoint of the authentication", atNowhere, { natsServerMonitoringEndpoint: endpoint }],
    ["a threshold", { ...atNowhere, lagThreshold: "6" }, { natsServerMonitoringEndpoint: endpoint }],
    ["an account of the authentication", ofNobody, { account: "$G" }],
    ["a server to hear", { ...whole, natsServer: "a:4222, b:4222", natsSubjects: "work.>" }, { natsToken: "t" }],
  ])("accepts %s", async (_, metadata, authParams = {}) => {
    expect(await problemOf("nats-jetstream", { metadata, authParams })).toBeUndefined();
  });

  const noAccount = "error parsing NATS JetStream metadata: no account name or id given";
  const missing = (name: string, from = "triggerMetadata") => `missing required parameter "${name}" in [${from}]`;
  const noEndpoint = missing("natsServerMonitoringEndpoint", "authParams triggerMetadata");
  test.each<[Texts, Texts, string]>([
    [{}, {}, `${parsing}${missing("stream")}\n${missing("consumer")}\n${noEndpoint}`],
    [ofNobody, {}, noAccount],
    [{ ...whole, stream: "" }, {}, parsing + missing("stream")],
    [{ ...whole, consumer: "" }, {}, parsing + missing("consumer")],
    [{ account: "$G", stream: "mystream" }, {}, `${parsing}${missing("consumer")}\n${noEndpoint}`],
    [atNowhere, { natsServerMonitoringEndpoint: "" }, parsing + noEndpoint],
    [
      { ...whole, natsServerMonitoringEndpoint: "234234:::::34234234;;;;really_bad_URL;;/" },
      {},
      'error parsing NATS JetStream metadata: natsServerMonitoringEndpoint: "234234:::::34234234;;;;really_bad_URL;;/", expected host:port',
    ],
  ])("refuses %j with %j", async (metadata, authParams, message) => {
    expect(await problemOf("nats-jetstream", { metadata, authParams })).toBe(message);
  });

  test.each([
    ["activationLagThreshold", "Y"],
    ["lagThreshold", "Y"],
    ["useHttps", "error"],
  ])("refuses a %s of %s", async (key, value) => {
    expect(await problemOf("nats-jetstream", { metadata: { ...whole, [key]: value } })).toContain(
      `${parsing}unable to set param "${key}" value "${value}": `,
    );
  });

  test.each([0, 1])("the metric's name and target, at place %s", async (index) => {
    const trigger = await open("nats-jetstream", { metadata: whole, index });
    expect(await metricNameOf(trigger)).toBe(`s${index}-nats-jetstream-mystream`);
    expect(await trigger.metricSpecs()).toMatchObject([{ external: { target: { averageValue: "10" } } }]);
  });
});

interface ToldConsumer {
  readonly name?: string;
  readonly num_pending?: unknown;
  readonly num_ack_pending?: unknown;
  readonly cluster?: { readonly leader: string };
}

const aConsumer = (told: ToldConsumer = {}) => ({ name: "pull_consumer", num_pending: 0, num_ack_pending: 0, ...told });
const aStream = (consumers: readonly ToldConsumer[], name = "mystream") => ({ name, consumer_detail: consumers });
const anAnswer = (streams: readonly unknown[], clusterSize?: number) => ({
  account_details: [
    { name: "OTHER", stream_detail: [] },
    { name: "$G", id: "$G", stream_detail: streams },
  ],
  ...(clusterSize !== undefined && { meta_cluster: { cluster_size: clusterSize } }),
});

describe("the monitoring endpoint", () => {
  /** Answers by host and path; what it doesn't know nobody answers. */
  function answering(answers: Readonly<Record<string, unknown>>) {
    const asked: string[] = [];
    const http: HttpExchange = async ({ url }) => {
      const { protocol, host, pathname, search } = new URL(url);
      asked.push(`${protocol}//${host}${pathname}${search}`);
      const answer = answers[`${host}${pathname}`];
      if (answer === undefined) throw new Error(`GET ${host}${pathname}: no route`);
      return { status: 200, statusText: "OK", body: typeof answer === "string" ? answer : JSON.stringify(answer) };
    };
    return { asked, http };
  }
  const opened = async (http: HttpExchange, metadata: Texts = {}): Promise<Trigger> =>
    natsJetStream.open(aTriggerConfig("nats-jetstream", { metadata: { ...whole, ...metadata } }), {
      ...fakeSeams(),
      http,
    });
  const here = "nats.nats:8222";

  test.each<[string, unknown, number, boolean]>([
    ["nothing waits", anAnswer([aStream([aConsumer()])]), 0, false],
    ["messages wait", anAnswer([aStream([aConsumer({ num_pending: 100 })])]), 100, true],
    ["some are in hand", anAnswer([aStream([aConsumer({ num_pending: 7, num_ack_pending: 3 })])]), 10, false],
    [
      "others have none of its form",
      anAnswer([{ strange: true }, aStream([{ name: "other", num_pending: -1 }, aConsumer({ num_pending: 11 })])]),
      11,
      true,
    ],
  ])("where %s", async (_, answer, value, active) => {
    const { http, asked } = answering({ [`${here}/jsz`]: answer });
    const trigger = await opened(http, { activationLagThreshold: "10" });
    expect(await trigger.read("m", soon())).toEqual({ values: [{ metricName: "m", value }], active });
    expect(asked).toEqual([`http://${here}/jsz?acc=%24G&config=true&consumers=true`]);
  });

  test("is asked by HTTPS, and its account can't add to the question", async () => {
    const { http, asked } = answering({ [`${here}/jsz`]: anAnswer([]) });
    const trigger = await opened(http, { useHttps: "true", accountID: "mine&consumers=false" });
    await trigger.read("m", soon()).catch(() => {});
    expect(asked).toEqual([`https://${here}/jsz?acc=mine%26consumers%3Dfalse&config=true&consumers=true`]);
  });

  const notFound = 'consumer "pull_consumer" not found in stream "mystream"';
  test.each<[string, unknown, string]>([
    ["has another consumer", anAnswer([aStream([aConsumer({ name: "bad", num_pending: 100 })])]), notFound],
    ["has another stream", anAnswer([aStream([aConsumer()], "bad")]), notFound],
    ["has another account", { account_details: [{ name: "bad" }] }, notFound],
    ["has no account", {}, notFound],
    ["answers no JSON", "{invalidJSON}", "the answer is no JSON: "],
    ["answers a list", [], "the answer's value: "],
    ["answers a text", anAnswer([aStream([aConsumer({ num_pending: "100" })])]), "the answer's num_pending: "],
    ["answers below 0", anAnswer([aStream([aConsumer({ num_pending: -1 })])]), "the answer's num_pending: "],
    ["answers nothing", anAnswer([aStream([aConsumer({ num_ack_pending: null })])]), "the answer's num_ack_pending: "],
    [
      "counted below 0",
      JSON.stringify(anAnswer([aStream([aConsumer({ num_pending: 1 })])])).replace(":1,", ":18446744073709551615,"),
      "the answer's num_pending: ",
    ],
  ])("that %s is an error", async (_, answer, message) => {
    const { http } = answering({ [`${here}/jsz`]: answer });
    await expect((await opened(http)).read("m", soon())).rejects.toThrow(message);
  });

  test("that fails is an error", async () => {
    const failing: HttpExchange = async () => ({ status: 503, statusText: "Service Unavailable", body: "{}" });
    await expect((await opened(failing)).read("m", soon())).rejects.toThrow(
      `GET http://${here}/jsz: 503 Service Unavailable`,
    );
  });

  const led = (leader: string, pending: number) =>
    anAnswer([aStream([aConsumer({ num_pending: pending, cluster: { leader } })])], 3);
  const urls = ["leader.localhost.nats.svc:8222", "other-1.localhost.nats.svc:8222"];

  test("of a cluster leads to the server that leads the consumer, and to that at once from then on", async () => {
    const answers: Record<string, unknown> = {
      [`${here}/jsz`]: led("leader", 1),
      [`${here}/varz`]: { server_name: "x", cluster: { urls: urls.toReversed() } },
      [`other-1.${here}/jsz`]: led("leader", 2),
      [`leader.${here}/jsz`]: led("leader", 3),
    };
    const { http, asked } = answering(answers);
    const trigger = await opened(http);
    const value = async () => (await trigger.read("m", soon())).values[0]?.value;
    expect(await value()).toBe(3);
    asked.length = 0;
    expect(await value()).toBe(3);
    expect(asked).toEqual([`http://leader.${here}/jsz?acc=%24G&config=true&consumers=true`]);
    // Another leads now.
    for (const host of [here, `other-1.${here}`, `leader.${here}`]) answers[`${host}/jsz`] = led("other-1", 4);
    expect(await value()).toBe(4);
    // It is gone, and a third has not been heard of yet.
    delete answers[`other-1.${here}/jsz`];
    await expect(value()).rejects.toThrow(
      `leader node not found for consumer pull_consumer; GET other-1.${here}/jsz: no route`,
    );
  });

  test("of a cluster whose servers tell their addresses asks each for its name", async () => {
    const { http } = answering({
      [`${here}/jsz`]: anAnswer([], 3),
      [`${here}/varz`]: { connect_urls: ["10.0.0.9:4222", "10.0.0.1:4222", "[fd00::2]:4222"] },
      "10.0.0.1:8222/varz": { server_name: "n1" },
      "10.0.0.1:8222/jsz": led("n2", 1),
      "[fd00::2]:8222/varz": { server_name: "n2" },
      "[fd00::2]:8222/jsz": led("n2", 5),
    });
    expect(await (await opened(http)).read("m", soon())).toMatchObject({ values: [{ value: 5 }] });
  });

  test("of a cluster where nobody leads is an error", async () => {
    const { http } = answering({
      [`${here}/jsz`]: anAnswer([aStream([])], 3),
      [`${here}/varz`]: { cluster: { urls } },
      [`leader.${here}/jsz`]: {},
      [`other-1.${here}/jsz`]: {},
    });
    const trigger = await opened(http);
    await expect(trigger.read("m", soon())).rejects.toThrow(/^leader node not found for consumer pull_consumer$/);
  });

  test("that no longer knows the stream is an error", async () => {
    const answers: Record<string, unknown> = { [`${here}/jsz`]: led("only", 1) };
    answers[`${here}/jsz`] = { ...led("only", 1), meta_cluster: null };
    const trigger = await opened(answering(answers).http);
    await trigger.read("m", soon());
    answers[`${here}/jsz`] = anAnswer([]);
    await expect(trigger.read("m", soon())).rejects.toThrow("stream not found");
    await expect(trigger.read("m", soon())).rejects.toThrow(notFound);
  });
});

test("a server that is not there is an error", async () => {
  const [port] = await freePorts(1);
  const metadata = { ...whole, natsServerMonitoringEndpoint: `127.0.0.1:${port}` };
  const trigger = await open("nats-jetstream", { metadata }, { clock: systemClock });
  await expect(trigger.read("m", soon())).rejects.toThrow(`GET http://127.0.0.1:${port}/jsz: connect ECONNREFUSED`);
  await trigger.close();
});

const work = { name: "work", subjects: ["work.>"], storage: "memory" };
const mine = { durable_name: "mine", ack_policy: "explicit", filter_subject: "work.mine" };

describe.skipIf(!hasNatsServer)("a NATS server", () => {
  let server: NatsServer;
  const folder = mkdtempSync(join(tmpdir(), "bellows-nats-"));

  beforeAll(async () => {
    server = await startNatsServer(folder);
    await server.ask("STREAM.CREATE.work", work);
    await server.ask("CONSUMER.DURABLE.CREATE.work.mine", { stream_name: "work", config: mine });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const credentials = { natsUser: natsUser.user, natsPassword: natsUser.pass };
  const opened = (more: Texts = {}, authParams: Texts = credentials) =>
    open(
      "nats-jetstream",
      {
        metadata: {
          natsServerMonitoringEndpoint: server.monitoring,
          account: "$G",
          stream: "work",
          consumer: "mine",
          ...more,
        },
        authParams,
      },
      { clock: systemClock },
    );
  const publish = async (count: number, subject = "work.mine") => {
    for (let message = 0; message < count; message++) server.admin.publish(subject, "x");
    await server.admin.flush();
  };
  const empty = () => server.ask("STREAM.PURGE.work");

  test("tells what waits for the consumer, and what it has in hand", async () => {
    await empty();
    const trigger = await opened();
    expect(await trigger.read("m", soon())).toEqual({ values: [{ metricName: "m", value: 0 }], active: false });
    await publish(3);
    await publish(2, "work.others");
    await expect.poll(() => trigger.read("m", soon())).toMatchObject({ values: [{ value: 3 }], active: true });
    const inbox = createInbox();
    const got = new Promise((resolve) => server.admin.subscribe(inbox, { max: 1, callback: resolve }));
    server.admin.publish("$JS.API.CONSUMER.MSG.NEXT.work.mine", JSON.stringify({ batch: 1 }), { reply: inbox });
    await got;
    expect(await trigger.read("m", soon())).toMatchObject({ values: [{ value: 3 }] });
    await trigger.close();
  });

  const value = (count: number) => ({
    active: count > 0,
    values: [{ metricName: "s0-nats-jetstream-work", value: count }],
  });

  async function listening(more: Texts = {}) {
    await empty();
    const trigger = await opened({ natsServer: server.address, ...more });
    const stopping = new AbortController();
    const pushes: Push[] = [];
    const ended = trigger.listen?.({ push: (push) => void pushes.push(push), metricSpecs: () => {} }, stopping.signal);
    ended?.catch(() => {});
    await expect.poll(() => pushes).toEqual([value(0)]);
    const stop = async () => {
      stopping.abort();
      await ended;
      await trigger.close();
    };
    return { pushes, stop };
  }

  test.each<[string, Texts]>([
    ["the consumer's subject", {}],
    ["subjects that are given", { natsSubjects: "work.nobody, work.mine" }],
  ])("tells of messages at once, by %s", async (_, more) => {
    const { pushes, stop } = await listening(more);
    await publish(1);
    await expect.poll(() => pushes.at(-1)).toEqual(value(1));
    await publish(1);
    await expect.poll(() => pushes.at(-1)).toEqual(value(2));
    await stop();
  });

  test("that is flooded is read now and then, the last time after the last", async () => {
    const { pushes, stop } = await listening();
    const began = systemClock.now();
    for (let many = 0; many < 50; many++) await publish(100);
    await expect.poll(() => pushes.at(-1)).toEqual(value(5000));
    expect(pushes.length).toBeLessThan(5 + (systemClock.now() - began) / 200);
    const { body } = await request(`http://${server.monitoring}/varz`);
    const { subscriptions } = (await body.json()) as Record<string, number>;
    expect(subscriptions).toBeLessThan(100);
    await stop();
  });

  test("that lets nobody in whom it does not know is an error, and no password is told", async () => {
    const trigger = await opened({ natsServer: server.address }, { natsUser: "me", natsPassword: "hunter2" });
    const handler = { push: () => {}, metricSpecs: () => {} };
    const error = await trigger.listen?.(handler, soon()).catch((caught: unknown) => caught as Error);
    expect((error as Error).message).toMatch(/^listening to NATS: .*Authorization Violation/i);
    expect((error as Error).message).not.toContain("hunter2");
    await trigger.close();
  });
});

test.skipIf(!hasNatsServer)("a NATS server is heard by TLS, where its certificate is trusted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bellows-nats-"));
  const now = systemClock.now();
  const issuer = await issueCa(now, {});
  const { certificate: cert, key } = await issueServing(issuer, now, { names: ["localhost"] });
  const server = await startNatsServer(folder, { tls: { ca: issuer.certificate, cert, key } });
  await server.ask("STREAM.CREATE.work", work);
  await server.ask("CONSUMER.DURABLE.CREATE.work.mine", { stream_name: "work", config: mine });
  const listened = async (authParams: Texts) => {
    const metadata = { account: "$G", stream: "work", consumer: "mine", natsServer: server.address };
    const trigger = await open(
      "nats-jetstream",
      {
        metadata: { ...metadata, natsServerMonitoringEndpoint: server.monitoring },
        authParams: { natsUser: natsUser.user, natsPassword: natsUser.pass, ...authParams },
      },
      { clock: systemClock },
    );
    const stopping = new AbortController();
    const handler = { push: () => stopping.abort(), metricSpecs: () => {} };
    const error = await trigger
      .listen?.(handler, stopping.signal)
      .catch((caught: unknown) => (caught as Error).message);
    await trigger.close();
    return error ?? "heard";
  };
  try {
    expect(await listened({ ca: issuer.certificate })).toBe("heard");
    expect(await listened({})).toMatch(/^listening to NATS: /);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

describe.skipIf(!hasNatsServer)("a cluster of NATS servers", () => {
  let servers: NatsServer[] = [];
  const folder = mkdtempSync(join(tmpdir(), "bellows-nats-"));
  beforeAll(async () => {
    servers = await startNatsCluster(folder);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  test("is read by any of them, wherever the consumer is led", async () => {
    const [first] = servers;
    await expect
      .poll(() => first?.ask("STREAM.CREATE.work", { ...work, num_replicas: 3 }, 5000).catch(String))
      .toHaveProperty("config");
    await first?.ask("CONSUMER.DURABLE.CREATE.work.mine", { stream_name: "work", config: mine });
    await first?.ask("STREAM.PURGE.work");
    for (let message = 0; message < 4; message++) await first?.admin.request("work.mine", "x");
    for (const { monitoring } of servers) {
      const metadata = { natsServerMonitoringEndpoint: monitoring, account: "$G", stream: "work", consumer: "mine" };
      const trigger = await open("nats-jetstream", { metadata }, { clock: systemClock });
      for (const _ of ["look for the leader", "know it"]) {
        await expect
          .poll(() => trigger.read("m", soon()).catch(String))
          .toEqual({ values: [{ metricName: "m", value: 4 }], active: true });
      }
      await trigger.close();
    }
  });
});
