import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { Socket } from "node:net";
import { gunzipSync } from "node:zlib";
import { silentLogger, systemClock } from "@bellows/kube";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { adminUser } from "../api-request.ts";
import { bootstrapCluster } from "../bootstrap.ts";
import { newCredentials } from "../persistence/credentials.ts";
import { configMaps, testServer } from "../testing-server.ts";
import { type HttpsFront, serveHttps } from "./https-front.ts";

const pods = "/api/v1/namespaces/default/pods";

let front: HttpsFront;
let world: Awaited<ReturnType<typeof testServer>>;
let ca: string;
const admin = { authorization: "Bearer admin" };

beforeAll(async () => {
  world = await testServer();
  await bootstrapCluster(world.server);
  const { tls } = await newCredentials(systemClock, ["localhost", "127.0.0.1"]);
  ca = tls.caBundle;
  front = await serveHttps(world.server, {
    port: 0,
    tls: { key: tls.key, cert: tls.certificate },
    authenticate: (token) => (token === "admin" ? adminUser : world.server.userOf(token)),
    log: silentLogger,
  });
  await world.ask("POST", configMaps, { metadata: { name: "a" }, data: { x: "1" } });
  await world.ask("POST", pods, { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "nginx" }] } });
  const target = { kind: "Node", name: "n" };
  await world.ask("POST", `${pods}/p/binding`, { metadata: { name: "p" }, target });
});

afterAll(() => front.close());

type Headers = Readonly<Record<string, string>>;

function send(method: string, path: string, headers: Headers, body?: string | Buffer) {
  const sent = request(`${front.url}${path}`, { method, headers, ca, agent: false });
  sent.end(body);
  return sent;
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function ask(method: string, path: string, headers: Headers = admin, body?: string | Buffer) {
  const [response] = (await once(send(method, path, headers, body), "response")) as [IncomingMessage];
  const bytes = await bytesOf(response);
  return { status: response.statusCode, headers: response.headers, bytes, text: bytes.toString() };
}

const message = ({ text }: { text: string }) => (JSON.parse(text) as { message: string }).message;

test.each([
  ["no token", {}, configMaps, 401],
  ["a token that nobody has", { authorization: "Bearer nope" }, configMaps, 401],
  ["a token that is no service account's", { authorization: "Bearer a.b.c" }, configMaps, 401],
  ["no token, for what anybody may see", {}, "/readyz", 200],
  ["the administrator's token", admin, configMaps, 200],
])("a request with %s", async (_what, headers: Headers, path, status) => {
  const answer = await ask("GET", path, headers);
  expect(answer.status).toBe(status);
  if (status === 401)
    expect(JSON.parse(answer.text)).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "Unauthorized",
      reason: "Unauthorized",
      code: 401,
    });
});

test("items of a list go out bare, one object does not", async () => {
  const { items } = JSON.parse((await ask("GET", configMaps)).text);
  expect([items[0].metadata.name, items[0].kind, items[0].apiVersion]).toEqual(["a", undefined, undefined]);
  expect(JSON.parse((await ask("GET", `${configMaps}/a`)).text)).toMatchObject({ kind: "ConfigMap", apiVersion: "v1" });
});

test("YAML goes in and out, without anchors", async () => {
  const yaml = { ...admin, "content-type": "application/yaml", accept: "application/yaml" };
  const sent = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: in-yaml\ndata:\n  a: b\n---\nignored: true\n";
  expect((await ask("POST", configMaps, yaml, sent)).status).toBe(201);
  const { headers, text } = await ask("GET", `${configMaps}/in-yaml`, yaml);
  expect(headers["content-type"]).toBe("application/yaml");
  expect(parse(text)).toMatchObject({ data: { a: "b" } });
  expect(text).not.toContain("&a1");
});

test("a large answer is compressed for who can take it", async () => {
  const data = { x: "y".repeat(200_000) };
  await world.ask("POST", configMaps, { metadata: { name: "large" }, data });
  const { headers, bytes } = await ask("GET", `${configMaps}/large`, { ...admin, "accept-encoding": "gzip" });
  expect(headers["content-encoding"]).toBe("gzip");
  expect(JSON.parse(gunzipSync(bytes).toString())).toMatchObject({ data });
  expect((await ask("GET", `${configMaps}/large`)).headers["content-encoding"]).toBeUndefined();
});

const unreadable = "the object provided is unrecognized (must be of type ConfigMap): ";
const notAStruct = (what: string) =>
  `${unreadable}couldn't get version/kind; json parse error: json: cannot unmarshal ${what} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;

test.each([
  [
    "application/json",
    "",
    400,
    `${unreadable}couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
  ],
  [
    "application/json",
    "{",
    400,
    `${unreadable}couldn't get version/kind; json parse error: unexpected end of JSON input ({)`,
  ],
  [
    "application/json",
    "hello",
    400,
    `${unreadable}couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value (68656c6c6f)`,
  ],
  ["application/json", "[]", 400, `${notAStruct("array")} (5b5d)`],
  ["application/json", "12", 400, `${notAStruct("number")} (3132)`],
  [
    "application/json",
    "null",
    422,
    'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
  ],
  [
    "application/yaml",
    "a: b: c\n",
    400,
    `${unreadable}yaml: mapping values are not allowed in this context (613a20623a20630a)`,
  ],
  [
    "application/yaml",
    "a:\n\tb: 1\n",
    400,
    `${unreadable}yaml: line 2: found character that cannot start any token (613a0a09623a20310a)`,
  ],
  [
    "text/plain",
    "{}",
    415,
    "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
  ],
  ["application/json", `{"x":"${"y".repeat(3 * 1024 * 1024)}"}`, 413, "Request entity too large: limit is 3145728"],
])("a body of type %s that cannot be read", async (type, body, status, text) => {
  const answer = await ask("POST", configMaps, { ...admin, "content-type": type }, body);
  expect([answer.status, message(answer)]).toEqual([status, text]);
});

test.each([
  ["application/merge-patch+json", "{", "error decoding patch: unexpected end of JSON input"],
  [
    "application/merge-patch+json",
    "[]",
    "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
  ],
  ["application/strategic-merge-patch+json", "{a", "invalid character 'a' looking for beginning of object key string"],
  [
    "application/apply-patch+yaml",
    "a: b: c",
    "error decoding YAML: error converting YAML to JSON: yaml: mapping values are not allowed in this context",
  ],
])("a patch of type %s that cannot be read", async (type, body, text) => {
  const answer = await ask("PATCH", `${configMaps}/a?fieldManager=m`, { ...admin, "content-type": type }, body);
  expect([answer.status, message(answer)]).toEqual([400, text]);
});

test.each([
  [
    "text/html",
    `${configMaps}/a`,
    "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf",
  ],
  [
    "application/json;as=Foo;g=meta.k8s.io;v=v1",
    configMaps,
    "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf",
  ],
  [
    "application/yaml",
    `${configMaps}?watch=true`,
    "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
  ],
])("an answer as %s is not to be had", async (accept, path, text) => {
  const answer = await ask("GET", path, { ...admin, accept });
  expect([answer.status, message(answer)]).toEqual([406, text]);
});

test("a watch comes line by line, and ends its subscription with the connection", async () => {
  const { subscribers } = world.server.store.collection("/configmaps");
  const before = subscribers.size;
  const sent = send("GET", `${configMaps}?watch=true&fieldSelector=metadata.name%3Da`, admin);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const [first] = (await once(response, "data")) as [Buffer];
  expect(JSON.parse(first.toString())).toMatchObject({ type: "ADDED", object: { kind: "ConfigMap" } });
  expect(subscribers.size).toBe(before + 1);
  await world.merge(`${configMaps}/a`, { data: { x: "2" } });
  const [second] = (await once(response, "data")) as [Buffer];
  expect(JSON.parse(second.toString())).toMatchObject({ type: "MODIFIED", object: { data: { x: "2" } } });
  sent.destroy();
  // Another request's answer comes after the server has seen the first one's end.
  while (subscribers.size > before) await ask("GET", "/readyz");
  expect(subscribers.size).toBe(before);
});

const upgrade = (protocol: string): Headers => ({
  ...admin,
  connection: "Upgrade",
  upgrade: protocol,
  "sec-websocket-key": Buffer.alloc(16).toString("base64"),
  "sec-websocket-version": "13",
  "sec-websocket-protocol": "v5.channel.k8s.io",
});

test("exec speaks over a websocket", async () => {
  world.server.servePodStreams({
    async *logs() {},
    async exec(_pod, _container, command, { stdout }) {
      await stdout(command.join(" "));
      return { exitCode: 3 };
    },
    attach: async () => ({ exitCode: 0 }),
  });
  const sent = send("GET", `${pods}/p/exec?command=echo&command=hi&stdout=1`, upgrade("websocket"));
  const [response, socket] = (await once(sent, "upgrade")) as [IncomingMessage, Socket, Buffer];
  expect([response.statusCode, response.headers["sec-websocket-protocol"]]).toEqual([101, "v5.channel.k8s.io"]);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("latin1");
  expect(text).toContain("\u0001echo hi");
  expect(text).toContain("command terminated with non-zero exit code: exit status 3");
});

test.each([
  ["h2c", "exec?command=ls&stdout=1", 400, "unable to upgrade connection: h2c, expected websocket or SPDY/3.1"],
  ["SPDY/3.1", "portforward", 501, "port-forward is not served"],
  ["websocket", "portforward?ports=80", 501, "port-forward is not served"],
  ["websocket", "exec", 400, "you must specify at least 1 command for the container"],
])("%s of pods/%s is refused by %i", async (protocol, path, status, text) => {
  const answer = await ask("GET", `${pods}/p/${path}`, upgrade(protocol));
  expect(answer.status).toBe(status);
  expect(message(answer)).toContain(text);
});

test("a slow reader is cut off, and leaves no subscriber", async () => {
  const { subscribers } = world.server.store.collection("/secrets");
  const secrets = "/api/v1/namespaces/default/secrets";
  const sent = send("GET", `${secrets}?watch=true`, admin);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.pause();
  sent.on("error", () => {});
  response.on("error", () => {});
  const before = subscribers.size;
  await world.ask("POST", secrets, { metadata: { name: "s" }, stringData: { x: "" } });
  for (let round = 0; round < 60 && subscribers.size === before; round++)
    await world.merge(`${secrets}/s`, { stringData: { x: String(round).padEnd(700_000, "y") } });
  while (subscribers.size === before) await ask("GET", "/readyz");
  expect(subscribers.size).toBe(before - 1);
});
