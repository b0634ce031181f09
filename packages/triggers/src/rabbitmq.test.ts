import { createPrivateKey } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issueCa, issueServing, systemClock } from "@bellows/kube";
import { connect } from "amqplib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { anonymous } from "./rabbitmq.ts";
import { type AmqpAddress, amqpAddressOf } from "./rabbitmq-amqp.ts";
import { hasRabbitMqServer, type RabbitMqServer, startRabbitMqServer } from "./rabbitmq-server.fixture.ts";
import { freePorts } from "./server-process.fixture.ts";
import {
  aTriggerConfig,
  type FakeHttpServer,
  fakeHttpServer,
  metricNameOf,
  open,
  problemOf,
  soon,
} from "./trigger.fixture.ts";
import type { TriggerConfig } from "./trigger.ts";

const parsing = "error parsing RabbitMQ metadata: error parsing RabbitMQ metadata: ";
const resolvedEnv = {
  HOST: "amqp://user:sercet@somehost.com:5236/vhost",
  USERNAME: "user",
  PASSWORD: "Password",
};
const fromEnv = { queueName: "sample", hostFromEnv: "HOST" };
const http = { queueName: "sample", host: "http://" };
const https = { queueName: "sample", host: "https://" };
const amqp = { queueName: "sample", host: "amqp://" };
const amqps = { queueName: "sample", host: "amqps://" };
const oauth = { oauthTokenURI: "https://oauth.example.com/token", clientID: "my-client", clientSecret: "my-secret" };
const management = { queueName: "sample", host: "http://localhost:15672", protocol: "http" };

type Texts = Record<string, string>;

describe("metadata", () => {
  test.each<[string, Texts, Texts?]>([
    ["a queueLength", { ...fromEnv, queueLength: "10" }],
    ["a queue only", fromEnv],
    ["a host that is no URL, with a protocol", { queueName: "sample", host: "myHostSecret", protocol: "http" }],
    ["a name with a slash", { ...fromEnv, queueName: "namespace/name", queueLength: "10" }],
    ["a vhost", { ...fromEnv, vhostName: "myVhost" }],
    ["no vhost", { ...fromEnv, vhostName: "" }],
    ["a protocol of the authentication", fromEnv, { protocol: "http" }],
    ["an HTTP host", http],
    ["an HTTPS host", https],
    ["mode and value", { ...https, mode: "QueueLength", value: "20" }],
    ["mode and value by AMQP", { ...amqps, mode: "QueueLength", value: "20" }],
    ["a rate of messages by HTTP", { ...http, mode: "MessageRate", value: "1000" }],
    ["a rate of messages by HTTPS", { ...https, mode: "MessageRate", value: "1000" }],
    ["a rate of deliveries by HTTP", { ...http, mode: "DeliverGetRate", value: "1000" }],
    ["a rate of deliveries by HTTPS", { ...https, mode: "DeliverGetRate", value: "1000" }],
    ["an expression by HTTP", { ...http, useRegex: "true" }],
    ["an expression for a rate", { ...http, useRegex: "true", mode: "MessageRate", value: "1000" }],
    ["an expression for deliveries", { ...http, useRegex: "true", mode: "DeliverGetRate", value: "1000" }],
    ["an expression for a length", { ...http, useRegex: "true", mode: "QueueLength", value: "1000" }],
    ["a time-out", { ...http, mode: "QueueLength", value: "1000", timeout: "1000" }],
    ["a page size", { ...http, useRegex: "true", mode: "MessageRate", value: "1000", pageSize: "100" }],
    ["an activation value", { ...fromEnv, activationValue: "10", queueLength: "20" }],
    [
      "ready messages only",
      { ...http, useRegex: "true", excludeUnacknowledged: "true", mode: "QueueLength", value: "9" },
    ],
    ["unsafeSsl", { ...https, unsafeSsl: "true" }],
    ["a name and a password", fromEnv, { username: "user", password: "PASSWORD" }],
    ["both from the environment", { ...fromEnv, usernameFromEnv: "USERNAME", passwordFromEnv: "PASSWORD" }],
    ["a vhost of the authentication", fromEnv, { vhostName: "myVhost" }],
    ["an empty one", fromEnv, { vhostName: "" }],
    ["TLS", fromEnv, { tls: "enable" }],
    ["OAuth2", management, oauth],
    ["OAuth2 with scopes", management, { ...oauth, scopes: "rabbitmq.read,rabbitmq.write" }],
    ["OAuth2 with parameters", management, { ...oauth, endpointParams: "audience=rabbitmq&resource=api" }],
  ])("accepts %s", async (_, metadata, authParams = {}) => {
    expect(await problemOf("rabbitmq", { metadata, authParams, resolvedEnv })).toBeUndefined();
  });

  const missing = (name: string, from: string) => `missing required parameter "${name}" in [${from}]`;
  const noHost = missing("host", "triggerMetadata authParams resolvedEnv");
  const deprecated = "queueLength is deprecated; use mode and value";
  const onlyHttp = (mode: string) => `protocol amqp not supported; must be HTTP to use trigger mode ${mode}`;
  const incompleteOauth =
    "OAuth2 requires tokenUrl clientId and clientSecret to be configured in TriggerAuthentication";
  const mixedOauth =
    "OAuth2 authentication cannot be combined with username/password authentication or Azure Workload Identity";

  test.each<[Texts, Texts, string]>([
    [{}, {}, `${missing("queueName", "triggerMetadata")}\n${noHost}\nunknown host URL scheme: \`\``],
    [{ queueName: "sample" }, {}, `${noHost}\nunknown host URL scheme: \`\``],
    [{ queueLength: "10", hostFromEnv: "HOST" }, {}, missing("queueName", "triggerMetadata")],
    [
      { queueLength: "10" },
      { host: "HOST" },
      `${missing("queueName", "triggerMetadata")}\nunknown host URL scheme: \`\``,
    ],
    [{ queueName: "sample", host: "something://" }, {}, "unknown host URL scheme: `something`"],
    [{ queueName: "sample", host: ":x" }, {}, "can't parse host to find protocol: missing protocol scheme"],
    [{ ...fromEnv, protocol: "stomp" }, {}, "the protocol has to be either `amqp`, `http`, or `auto` but is `stomp`"],
    [{ ...https, queueLength: "10", mode: "QueueLength" }, {}, deprecated],
    [{ ...https, queueLength: "10", value: "20" }, {}, deprecated],
    [{ ...https, queueLength: "10", mode: "QueueLength", value: "20" }, {}, deprecated],
    [{ ...https, mode: "QueueLength" }, {}, "value must be specified"],
    [{ ...https, value: "20" }, {}, "mode must be specified"],
    [
      { ...https, mode: "Feelings", value: "20" },
      {},
      "trigger mode Feelings must be one of QueueLength, MessageRate, DeliverGetRate, PublishedToDeliveredRatio or ExpectedQueueConsumptionTime",
    ],
    [{ ...amqps, mode: "MessageRate", value: "1000" }, {}, onlyHttp("MessageRate")],
    [{ ...amqp, mode: "MessageRate", value: "1000" }, {}, onlyHttp("MessageRate")],
    [{ ...amqps, mode: "DeliverGetRate", value: "1000" }, {}, onlyHttp("DeliverGetRate")],
    [{ ...amqp, mode: "DeliverGetRate", value: "1000" }, {}, onlyHttp("DeliverGetRate")],
    [{ ...amqps, useRegex: "true" }, {}, "configure useRegex=true only with HTTP protocol"],
    [{ ...amqp, excludeUnacknowledged: "true" }, {}, "configure excludeUnacknowledged=true only with HTTP protocol"],
    [
      { ...amqp, mode: "QueueLength", value: "1000", timeout: "10" },
      {},
      "AMQP protocol doesn't support custom timeouts: 10000000",
    ],
    [{ ...http, useRegex: "true", pageSize: "-1" }, {}, "pageSize should be 1 or greater"],
    [{ ...http, useRegex: "true", operation: "min" }, {}, "operation mode min must be one of sum, avg, max"],
    [fromEnv, { tls: "enable", ca: "caaa", key: "kee" }, "both key and certificate must be provided"],
    [fromEnv, { tls: "enable", ca: "caaa", cert: "ceert" }, "both key and certificate must be provided"],
    [fromEnv, { tls: "yes", ca: "caaa", cert: "ceert", key: "kee" }, "incorrect value for TLS given: yes"],
    [fromEnv, { username: "user" }, "username and password must be given together"],
    [fromEnv, { password: "PASSWORD" }, "username and password must be given together"],
    [{ ...fromEnv, usernameFromEnv: "USERNAME" }, {}, "username and password must be given together"],
    [{ ...fromEnv, passwordFromEnv: "PASSWORD" }, {}, "username and password must be given together"],
    [
      { ...fromEnv, protocol: "amqp" },
      { workloadIdentityResource: "id" },
      "workload identity is not supported for the AMQP protocol at the moment",
    ],
    [
      { queueName: "sample", host: "amqp://localhost:5672", protocol: "amqp" },
      oauth,
      "OAuth2 authentication is only supported with HTTP protocol, not AMQP",
    ],
    [management, { ...oauth, username: "user", password: "pass" }, mixedOauth],
    [management, { ...oauth, workloadIdentityResource: "id" }, mixedOauth],
    [management, { ...oauth, oauthTokenURI: "" }, incompleteOauth],
    [management, { ...oauth, clientID: "" }, incompleteOauth],
    [management, { ...oauth, clientSecret: "" }, incompleteOauth],
  ])("refuses %j with %j", async (metadata, authParams, message) => {
    expect(await problemOf("rabbitmq", { metadata, authParams, resolvedEnv })).toBe(parsing + message);
  });

  test.each([
    ["queueLength", "AA"],
    ["value", "lots"],
    ["timeout", "-10"],
    ["timeout", "error"],
    ["pageSize", "a"],
    ["activationValue", "AA"],
    ["unsafeSsl", "random"],
  ])("refuses a %s of %s", async (key, value) => {
    const metadata = { ...http, mode: "QueueLength", value: "20", [key]: value };
    expect(await problemOf("rabbitmq", { metadata })).toContain(
      `${parsing}unable to set param "${key}" value "${value}": `,
    );
  });

  test("certificates that can't be read, tokens of Azure and hosts that are no AMQP URI are refused", async () => {
    const certificates = { tls: "enable", ca: "caaa", cert: "ceert", key: "keey" };
    expect(await problemOf("rabbitmq", { metadata: fromEnv, resolvedEnv, authParams: certificates })).toMatch(
      /^error parsing RabbitMQ metadata: error creating the TLS config: /,
    );
    expect(
      await problemOf("rabbitmq", { metadata: management, authParams: { workloadIdentityResource: "id" } }),
    ).toMatch(/workloadIdentityResource: Azure workload identity is not supported/);
    const wrongHost = { queueName: "sample", protocol: "amqp", host: "amqp://u:secret@host:none" };
    const problem = await problemOf("rabbitmq", { metadata: wrongHost });
    expect(problem).toBe(
      "error parsing RabbitMQ metadata: error parsing RabbitMQ connection string: expected amqp://USER:PASSWORD@HOST:PORT/VHOST",
    );
  });

  test.each<[Texts, number, string, string]>([
    [{ ...fromEnv, queueLength: "10" }, 0, "s0-rabbitmq-sample", "10"],
    [{ ...fromEnv, queueName: "namespace/name" }, 1, "s1-rabbitmq-namespace-2Fname", "20"],
    [{ ...http, mode: "MessageRate", value: "2.5" }, 2, "s2-rabbitmq-sample", "2.500"],
  ])("%j gives the metric's name and target", async (metadata, index, name, target) => {
    const trigger = await open("rabbitmq", { metadata, resolvedEnv, index });
    expect(await metricNameOf(trigger)).toBe(name);
    const [spec] = await trigger.metricSpecs();
    expect(spec?.external?.target).toEqual({ type: "AverageValue", averageValue: target });
  });
});

interface Told {
  readonly messages?: unknown;
  readonly ready?: unknown;
  readonly publish?: unknown;
  readonly deliver?: unknown;
}

/** A queue in the words of the management plugin. */
const aQueue = ({ messages, ready, publish, deliver }: Told, name = "evaluate_trials") => ({
  name,
  messages,
  messages_ready: ready,
  messages_unacknowledged: 1,
  message_stats: { publish_details: { rate: publish }, deliver_get_details: { rate: deliver } },
});

test.each<[string, Partial<AmqpAddress>]>([
  ["amqp://", { host: "localhost", port: 5672, username: "guest", password: "guest", vhost: "/" }],
  ["amqps://", { protocol: "amqps", port: 5671 }],
  ["amqp://host", { host: "host", port: 5672, vhost: "/", hasPassword: false, heartbeatSeconds: 10 }],
  ["amqp://host/", { vhost: "/" }],
  ["amqp://host/%2F", { vhost: "/" }],
  ["amqp://host//", { vhost: "/" }],
  ["amqp://host/my%20host", { vhost: "my host" }],
  ["amqp:///vhost", { host: "localhost", vhost: "vhost" }],
  ["amqp://me@host", { username: "me", password: "guest", hasPassword: false }],
  ["amqp://me:p%40%3A%2F@host:1/v", { username: "me", password: "p@:/", hasPassword: true, port: 1 }],
  ["amqp://[::1]:5673", { host: "::1", port: 5673 }],
  ["AMQPS://host?heartbeat=5", { protocol: "amqps", heartbeatSeconds: 5 }],
])("the AMQP URI %j means %j", (source, address) => {
  expect(amqpAddressOf(source)).toMatchObject(address);
});

test.each([
  ["http://host", "AMQP scheme must be either 'amqp://' or 'amqps://'"],
  ["amqp://host/a b", "URI must not contain whitespace"],
  ["amqp://host?heartbeat=often", "heartbeat is not an integer"],
  ["amqp://me:secr%et@host", "invalid URL escape"],
  ["amqp://me:secret@host:port", "expected amqp://USER:PASSWORD@HOST:PORT/VHOST"],
])("%j is no AMQP URI, and not shown", (source, problem) => {
  expect(() => amqpAddressOf(source)).toThrow(`error parsing RabbitMQ connection string: ${problem}`);
});

describe("the management API", () => {
  let api: FakeHttpServer;
  let status = 200;
  let answer = "";
  beforeAll(async () => {
    api = await fakeHttpServer((_, response) => response.writeHead(status).end(answer));
  });
  afterAll(() => api.close());

  async function read(metadata: Texts, body: unknown, more: Partial<TriggerConfig> = {}) {
    status = 200;
    answer = typeof body === "string" ? body : JSON.stringify(body);
    return await again(metadata, more);
  }

  async function again(metadata: Texts, more: Partial<TriggerConfig> = {}) {
    api.requests.length = 0;
    const trigger = await open(
      "rabbitmq",
      { metadata: { queueName: "evaluate_trials", host: api.url, ...metadata }, ...more },
      { clock: systemClock },
    );
    try {
      const { values, active } = await trigger.read("m", soon());
      return { value: values[0]?.value, active };
    } finally {
      await trigger.close();
    }
  }
  const asked = () => api.requests.map(({ url }) => url);

  const modes: Readonly<Record<string, Texts>> = {
    queueLength: { queueLength: "10" },
    QueueLength: { mode: "QueueLength", value: "100" },
    ready: { mode: "QueueLength", value: "100", excludeUnacknowledged: "true" },
    MessageRate: { mode: "MessageRate", value: "100" },
    DeliverGetRate: { mode: "DeliverGetRate", value: "100" },
    Ratio: { mode: "PublishedToDeliveredRatio", value: "100", activationValue: "2" },
    Time: { mode: "ExpectedQueueConsumptionTime", value: "1", activationValue: "1" },
  };

  test.each<[string, Told, number, boolean]>([
    ["queueLength", { messages: 4, publish: 0, deliver: 0 }, 4, true],
    ["queueLength", { messages: 1, publish: 1.4, deliver: 1.2 }, 1, true],
    ["queueLength", { messages: 0, publish: 1.4, deliver: 2 }, 0, false],
    ["QueueLength", { messages: 4, publish: 0, deliver: 1.3 }, 4, true],
    ["QueueLength", { messages: 0, publish: 1.4, deliver: 0 }, 0, false],
    ["QueueLength", { messages: 1 }, 1, true],
    ["ready", { messages: 4, ready: 3 }, 3, true],
    ["ready", { messages: 4, ready: 0 }, 0, false],
    ["MessageRate", { messages: 4, publish: 0, deliver: 1.3 }, 0, true],
    ["MessageRate", { messages: 0, publish: 0, deliver: 0 }, 0, false],
    ["MessageRate", { messages: 0, publish: 1.4, deliver: 0 }, 1.4, true],
    ["DeliverGetRate", { messages: 30, publish: 5, deliver: 1 }, 1, true],
    ["DeliverGetRate", { messages: 10, publish: 0, deliver: 12.5 }, 12.5, true],
    ["DeliverGetRate", { messages: 7, publish: 0, deliver: 0 }, 0, false],
    ["DeliverGetRate", { deliver: 2 }, 2, true],
    ["Ratio", { messages: 5, publish: 3, deliver: 0 }, 2, true],
    ["Ratio", { messages: 5, publish: 3, deliver: 1 }, 3, true],
    ["Ratio", { messages: 5, publish: 3, deliver: 2 }, 1.5, false],
    ["Ratio", { messages: 5, publish: 0, deliver: 2 }, 0, false],
    // Nothing to consume.
    ["Time", { messages: 0, publish: 0, deliver: 0 }, 0, false],
    ["Time", { messages: 0, publish: 0, deliver: 2 }, 0, false],
    // Nobody consumes.
    ["Time", { messages: 10, publish: 3, deliver: 0 }, 1, true],
    ["Time", { messages: 10, publish: 3, deliver: 2 }, 5.5, true],
    ["Time", { messages: 4, publish: 0, deliver: 2 }, 1, false],
    ["Time", { messages: 1, publish: 0, deliver: 2 }, 0, false],
  ])("%s of %j is %s, active %s", async (mode, told, value, active) => {
    expect(await read(modes[mode] ?? {}, aQueue(told))).toEqual({ value, active });
    expect(asked()).toEqual(["/api/queues/%2F/evaluate_trials"]);
  });

  const two = (one: Told, other: Told) => ({ items: [aQueue(one), aQueue(other, "evaluate_trial2")] });
  test.each<[string, string, unknown, number, boolean]>([
    ["queueLength", "sum", two({ messages: 4 }, { messages: 4 }), 8, true],
    ["queueLength", "sum", two({ messages: 0 }, { messages: 4 }), 4, true],
    ["queueLength", "sum", two({ messages: 0 }, { messages: 0 }), 0, false],
    ["queueLength", "sum", { items: [] }, 0, false],
    ["queueLength", "max", two({ messages: 4 }, { messages: 5 }), 5, true],
    ["queueLength", "max", two({ messages: 0 }, { messages: 0 }), 0, false],
    ["queueLength", "max", { items: [] }, 0, false],
    ["queueLength", "avg", two({ messages: 5 }, { messages: 6 }), 5, true],
    ["queueLength", "avg", { items: [aQueue({ messages: 4 })] }, 4, true],
    ["queueLength", "avg", { items: [] }, 0, false],
    ["ready", "sum", two({ messages: 4, ready: 3 }, { messages: 4, ready: 3 }), 6, true],
    ["ready", "max", two({ messages: 9, ready: 3 }, { messages: 4, ready: 4 }), 4, true],
    ["ready", "avg", two({ messages: 9, ready: 0 }, { messages: 4, ready: 0 }), 0, false],
    ["MessageRate", "sum", two({ messages: 0, publish: 4 }, { messages: 0, publish: 4 }), 8, true],
    ["MessageRate", "max", two({ messages: 0, publish: 4 }, { messages: 0, publish: 1 }), 4, true],
    ["MessageRate", "avg", two({ messages: 0, publish: 4 }, { messages: 0, publish: 1 }), 2.5, true],
    ["DeliverGetRate", "sum", two({ messages: 4, deliver: 2 }, { messages: 2, deliver: 2 }), 4, true],
    ["DeliverGetRate", "max", two({ messages: 8, deliver: 2 }, { messages: 4, deliver: 4 }), 4, true],
    ["DeliverGetRate", "avg", two({ messages: 8, deliver: 4 }, { messages: 4, deliver: 0 }), 2, true],
    ["DeliverGetRate", "avg", two({ messages: 8, deliver: 0 }, { messages: 4, deliver: 0 }), 0, false],
  ])("%s of the %s of several queues %j is %s, active %s", async (mode, operation, body, value, active) => {
    const metadata = { ...modes[mode], useRegex: "true", operation, queueName: "^evaluate_trials$" };
    expect(await read(metadata, body)).toEqual({ value, active });
    const query = "page=1&use_regex=true&pagination=false&name=%5Eevaluate_trials%24&page_size=100";
    expect(asked()).toEqual([`/api/queues/%2F?${query}`]);
  });

  test.each([100, 200, 500])("a page of %s queues", async (pageSize) => {
    const metadata = { useRegex: "true", pageSize: String(pageSize) };
    await read(metadata, { items: [] });
    expect(asked()[0]).toMatch(new RegExp(`&page_size=${pageSize}$`));
    await expect(read(metadata, { items: [], page_count: 3 })).rejects.toThrow(
      "regex matches more queues than can be recovered at once",
    );
    expect(await read(metadata, { items: [], page_count: 1 })).toEqual({ value: 0, active: false });
  });

  test.each([
    ["/myVhost", "", "/myVhost", ""],
    ["/%2FmyVhost", "", "/%2FmyVhost", ""],
    ["/", "", "/%2F", ""],
    ["//", "", "/%2F", ""],
    ["/%2F", "", "/%2F", ""],
    ["", "", "/%2F", ""],
    ["/sub1/myVhost", "", "/myVhost", "/sub1"],
    ["/sub1/", "overriden", "/overriden", "/sub1"],
    ["/myVhost", "overriden", "/overriden", ""],
    ["/sub1/%2FmyVhost", "", "/%2FmyVhost", "/sub1"],
    ["/sub1/", "", "/%2F", "/sub1"],
    ["/sub1//", "", "/%2F", "/sub1"],
    ["/sub1/%2F", "", "/%2F", "/sub1"],
    ["/sub1/sub2/myVhost", "", "/myVhost", "/sub1/sub2"],
    ["/sub1/sub2/myVhost", "overriden", "/overriden", "/sub1/sub2"],
    ["/sub1/sub2//", "", "/%2F", "/sub1/sub2"],
    ["/sub1/sub2/%2F", "", "/%2F", "/sub1/sub2"],
    ["/sub1/", "myVhost", "/myVhost", "/sub1"],
    ["/sub1/myVhost", "overriden", "/overriden", "/sub1"],
    ["/sub1/sub2/", "", "/%2F", "/sub1/sub2"],
    ["/sub1/sub2/", "myVhost", "/myVhost", "/sub1/sub2"],
    ["/sub1/sub2/%2FmyVhost", "", "/%2FmyVhost", "/sub1/sub2"],
    ["", "/", "/%2F", ""],
    ["", "my host", "/my%20host", ""],
  ])("of the path %j with the vhost %j asks for %s below %j", async (pathname, vhostName, vhost, path) => {
    await read({ host: api.url + pathname, vhostName }, aQueue({ messages: 1 }));
    expect(asked()).toEqual([`${path}/api/queues${vhost}/evaluate_trials`]);
  });

  test("gets the name and the password of the URL, or those beside it", async () => {
    const host = api.url.replace("//", "//me:p%40ss@");
    await read({ host }, aQueue({ messages: 1 }));
    expect(api.requests[0]?.headers.authorization).toBe(`Basic ${btoa("me:p@ss")}`);
    await read({ host }, aQueue({ messages: 1 }), { authParams: { username: "you", password: "x" } });
    expect(api.requests[0]?.headers.authorization).toBe(`Basic ${btoa("you:x")}`);
  });

  test("that refuses is an error that tells why, and no password", async () => {
    status = 401;
    answer = "Password is incorrect";
    const told = `error inspecting RabbitMQ: error requesting RabbitMQ API status: 401 Unauthorized, response: ${answer}, from: `;
    await expect(again({ host: api.url.replace("//", "//me:secret@") })).rejects.toThrow(
      `${told}${api.url.replace("//", "//user:password@")}/api/queues/%2F/evaluate_trials`,
    );
    status = 404;
    answer = "x".repeat(100_000);
    const error = await again({}).catch((caught: unknown) => caught as Error);
    expect((error as Error).message.length).toBeLessThan(1000);
  });

  test.each<[Texts, unknown, string]>([
    [{}, "no JSON", "the answer is no JSON"],
    [{}, "[]", "the answer's value: "],
    [{}, aQueue({}), 'queue "evaluate_trials" has no messages, expected a number'],
    [{}, { ...aQueue({}), state: "down" }, 'has no messages, expected a number, its state is "down"'],
    [{ excludeUnacknowledged: "true" }, aQueue({ messages: 3 }), "has no messages_ready"],
    [{ useRegex: "true" }, { items: [aQueue({ messages: 3 }), aQueue({})] }, "has no messages"],
    [{}, aQueue({ messages: "4" }), "the answer's messages: "],
    [{}, aQueue({ messages: -4 }), "the answer's messages: "],
    [{}, aQueue({ messages: 4.5 }), "the answer's messages: "],
    [{ useRegex: "true" }, { items: [aQueue({ messages: null })] }, "the answer's items.0.messages: "],
    [{}, aQueue({ messages: 4, publish: "NaN" }), "the answer's message_stats.publish_details.rate: "],
    [{}, aQueue({ messages: 4, deliver: -1 }), "the answer's message_stats.deliver_get_details.rate: "],
  ])("that lies is an error: %j, %j", async (metadata, body, message) => {
    await expect(read(metadata, body)).rejects.toThrow(message);
  });

  test("takes an access token, the same until it was refused", async () => {
    const tokens = await fakeHttpServer((request, response) => {
      const given = request.headers.authorization === `Basic ${btoa("my-client:my-secret")}`;
      response.writeHead(given ? 200 : 401);
      response.end(JSON.stringify({ access_token: `t${tokens.requests.length}`, expires_in: 3600 }));
    });
    const trigger = await open(
      "rabbitmq",
      { metadata: { queueName: "q", host: api.url }, authParams: { ...oauth, oauthTokenURI: tokens.url } },
      { clock: systemClock },
    );
    const authorization = async () => {
      api.requests.length = 0;
      await trigger.read("m", soon()).catch(() => {});
      return api.requests[0]?.headers.authorization;
    };
    status = 200;
    answer = JSON.stringify(aQueue({ messages: 1 }));
    expect([await authorization(), await authorization()]).toEqual(["Bearer t1", "Bearer t1"]);
    status = 401;
    expect([await authorization(), await authorization()]).toEqual(["Bearer t1", "Bearer t2"]);
    await trigger.close();
    await tokens.close();
  });
});

test.each([
  ["https://user1:password1@domain.com", "https://user:password@domain.com"],
  ["https://fdasr345_-:password1@domain.com", "https://user:password@domain.com"],
  ["https://user1:fdasr345_-@domain.com", "https://user:password@domain.com"],
  [
    "the queue https://user1:fdasr345_-@domain.com/api/virtual is unavailable",
    "the queue https://user:password@domain.com/api/virtual is unavailable",
  ],
  ["fdasr345_-:password1@domain.com", "user:password@domain.com"],
  ["this user1:password1@domain.com fails", "this user:password@domain.com fails"],
  ["nothing to replace here", "nothing to replace here"],
])("an error that tells %j shows %j", (told, shown) => {
  expect(anonymous(told)).toBe(shown);
});

describe.skipIf(!hasRabbitMqServer)("a RabbitMQ server", () => {
  let server: RabbitMqServer;
  const folder = mkdtempSync(join(tmpdir(), "bellows-rabbitmq-"));

  let ca = "";
  let client = { certificate: "", key: "" };

  beforeAll(async () => {
    const now = systemClock.now();
    const issuer = await issueCa(now, {});
    const { certificate: cert, key } = await issueServing(issuer, now, { names: ["localhost"] });
    ca = issuer.certificate;
    client = await issueServing(issuer, now, { names: ["reader"], usage: "client" });
    server = await startRabbitMqServer(folder, { ca, cert, key });
    await server.ask("PUT", "vhosts/other");
    await server.ask("PUT", "permissions/other/guest", { configure: ".*", write: ".*", read: ".*" });
    await server.ask("PUT", "users/reader", { password: "p/w@:", tags: "monitoring" });
    await server.ask("PUT", "permissions/other/reader", { configure: "", write: "", read: ".*" });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const publish = async (queue: string, count: number) => {
    const connection = await connect(`amqp://127.0.0.1:${server.amqpPort}/other`);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(queue);
    await channel.purgeQueue(queue);
    for (let message = 0; message < count; message++) channel.sendToQueue(queue, Buffer.from("x"));
    await channel.waitForConfirms();
    await connection.close();
  };
  const opened = (
    metadata: Texts,
    authParams: Texts = { username: "reader", password: "p/w@:" },
    config: Partial<TriggerConfig> = {},
  ) =>
    open("rabbitmq", { metadata: { vhostName: "other", ...metadata }, authParams, ...config }, { clock: systemClock });
  const byAmqp = (queueName: string, authParams?: Texts) =>
    opened({ queueName, host: `amqp://127.0.0.1:${server.amqpPort}` }, authParams);
  const byHttp = (queueName: string, more: Texts = {}) => opened({ queueName, host: server.managementUrl, ...more });

  /** The name of the connection that the trigger of an object has, once the plugin knows of it. */
  const connectionOf = async (object: string): Promise<string> => {
    type Connection = { name: string; client_properties: Texts };
    const find = async () =>
      ((await server.ask("GET", "connections")) as Connection[]).find(
        ({ client_properties: properties }) => properties["connection_name"] === `keda-shop-${object}`,
      )?.name;
    await expect.poll(find).toBeTypeOf("string");
    return (await find()) ?? "";
  };

  test("counts the messages of a queue by AMQP", async () => {
    await publish("by amqp", 3);
    const trigger = await byAmqp("by amqp");
    expect(await trigger.read("m", soon())).toEqual({ values: [{ metricName: "m", value: 3 }], active: true });
    await publish("by amqp", 0);
    expect(await trigger.read("m", soon())).toEqual({ values: [{ metricName: "m", value: 0 }], active: false });
    await trigger.close();
    await expect(trigger.read("m", soon())).rejects.toThrow("the trigger was closed");
  });

  test("says which queue is not there, and reads it once it is", async () => {
    const trigger = await byAmqp("later");
    for (const _ of [1, 2]) {
      await expect(trigger.read("m", soon())).rejects.toThrow(
        /^error inspecting RabbitMQ: .*404.*NOT[_-]FOUND.*no queue 'later' in vhost 'other'/s,
      );
    }
    await publish("later", 2);
    expect(await trigger.read("m", soon())).toMatchObject({ active: true, values: [{ value: 2 }] });
    await trigger.close();
  });

  test("refuses a stranger by either protocol, and no password is told", async () => {
    const wrong = { username: "reader", password: "hunter2" };
    const triggers = [await byAmqp("q", wrong), await opened({ queueName: "q", host: server.managementUrl }, wrong)];
    for (const trigger of triggers) {
      const error = await trigger.read("m", soon()).catch((caught: unknown) => caught as Error);
      expect((error as Error).message).toMatch(/ACCESS[_-]REFUSED|401 Unauthorized/);
      expect((error as Error).message).not.toContain("hunter2");
      await trigger.close();
    }
  });

  test("is spoken to by TLS, to a client whose certificate says who it is", async () => {
    await publish("encrypted", 2);
    const byTls = async (authParams: Texts, host = "localhost", more: Texts = {}) => {
      const metadata = { queueName: "encrypted", host: `amqps://${host}:${server.amqpsPort}`, ...more };
      const trigger = await opened(metadata, authParams);
      try {
        return (await trigger.read("m", soon())).values[0]?.value;
      } finally {
        await trigger.close();
      }
    };
    const password = { username: "reader", password: "p/w@:" };
    expect(await byTls({ ...password, tls: "enable", ca })).toBe(2);
    const keyPassword = "of the key";
    const key = createPrivateKey(client.key).export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: keyPassword,
    }) as string;
    expect(await byTls({ tls: "enable", ca, cert: client.certificate, key, keyPassword })).toBe(2);
    expect(await byTls({ ...password, tls: "enable" }, "127.0.0.1", { unsafeSsl: "true" })).toBe(2);
    await expect(byTls({ ...password, tls: "enable" })).rejects.toThrow(/error establishing connection.*certificate/);
    await expect(byTls({ ...password, tls: "enable", ca }, "127.0.0.1")).rejects.toThrow(/does not match certificate/);
  });

  test("counts one queue, and those that match, by HTTP", async () => {
    await publish("one", 3);
    await publish("two", 5);
    const one = await byHttp("one");
    // The plugin collects its figures twice a second.
    await expect.poll(() => one.read("m", soon())).toMatchObject({ values: [{ value: 3 }] });
    const all = await byHttp("^(one|two)$", { useRegex: "true" });
    await expect.poll(() => all.read("m", soon())).toMatchObject({ values: [{ value: 8 }] });
    const most = await byHttp("^(one|two)$", { useRegex: "true", operation: "max" });
    expect(await most.read("m", soon())).toMatchObject({ values: [{ value: 5 }] });
    for (const trigger of [one, all, most]) await trigger.close();
    const none = await byHttp("none");
    await expect(none.read("m", soon())).rejects.toThrow(
      /^error inspecting RabbitMQ: error requesting RabbitMQ API status: 404 Not Found, response: .*, from: http:\/\/user:password@/,
    );
    await none.close();
  });

  test("that hangs is given up, and read again when it goes on", async () => {
    await publish("hung", 1);
    const trigger = await byAmqp("hung");
    await trigger.read("m", soon());
    await server.hang();
    try {
      await expect(trigger.read("m", AbortSignal.timeout(100))).rejects.toThrow("timeout");
    } finally {
      server.resume();
    }
    expect(await trigger.read("m", soon())).toMatchObject({ active: true });
    await trigger.close();
  });

  test("that cuts the connection is connected to anew", async () => {
    await publish("cut", 1);
    // The plugin goes on telling of connections of other tests for a while.
    const object = { ...aTriggerConfig("rabbitmq").object, name: "cut" };
    const host = `amqp://127.0.0.1:${server.amqpPort}`;
    const trigger = await opened({ queueName: "cut", host }, undefined, { object });
    await trigger.read("m", soon());
    await server.ask("DELETE", `connections/${encodeURIComponent(await connectionOf("cut"))}`);
    await expect.poll(() => trigger.read("m", soon()).catch(String)).toMatchObject({ active: true });
    await trigger.close();
  });
});

test("a server that is not there is an error by either protocol", async () => {
  const [port] = await freePorts(1);
  for (const scheme of ["amqp", "http"]) {
    const host = `${scheme}://u:secret@127.0.0.1:${port}`;
    const trigger = await open("rabbitmq", { metadata: { queueName: "q", host } }, { clock: systemClock });
    await expect(trigger.read("m", soon())).rejects.toThrow(/^error inspecting RabbitMQ: .*ECONNREFUSED/);
    await trigger.close();
  }
});
