import { issueCa, issueServing, systemClock, VirtualClock } from "@bellows/kube";
import { afterEach, describe, expect, test } from "vitest";
import { openTrigger } from "./catalogue.ts";
import {
  aTriggerConfig,
  type FakeHttpServer,
  fakeHttpServer,
  fakeSeams,
  metricNameOf,
  open,
  problemOf,
  soon,
} from "./trigger.fixture.ts";
import type { TriggerConfig } from "./trigger.ts";

const now = Date.parse("2026-07-01T10:20:30.400Z");
const valid = { serverAddress: "http://localhost:9090", threshold: "100", query: "up" };
const parsing = "error parsing prometheus metadata: ";
const servers: FakeHttpServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(body: string, status = 200): Promise<FakeHttpServer> {
  const server = await fakeHttpServer((_, response) => response.writeHead(status).end(body));
  servers.push(server);
  return server;
}

async function readFrom(server: FakeHttpServer, more: Record<string, string>, config: Partial<TriggerConfig> = {}) {
  const metadata = { ...valid, serverAddress: server.url, ...more };
  const trigger = await open("prometheus", { metadata, ...config }, { clock: new VirtualClock(now) });
  try {
    return await trigger.read("s0-prometheus", soon());
  } finally {
    await trigger.close();
  }
}

describe("metadata", () => {
  test.each<Record<string, string>>([
    { metricName: "http_requests_total" },
    { namespace: "foo" },
    { ignoreNullValues: "false" },
    { activationThreshold: "50" },
    { unsafeSsl: "true" },
    { customHeaders: "key1=value1,key2=value2" },
    { queryParameters: "key1=value1,key2=value2" },
    { timeout: "1000" },
  ])("accepts %j", async (more) => {
    expect(await problemOf("prometheus", { metadata: { ...valid, ...more } })).toBeUndefined();
  });

  test.each(["serverAddress", "threshold", "query"])("needs %s", async (key) => {
    expect(await problemOf("prometheus", { metadata: { ...valid, [key]: "" } })).toBe(
      `${parsing}${parsing}missing required parameter "${key}" in [triggerMetadata]`,
    );
  });

  test.each<Record<string, string>>([
    { threshold: "one" },
    { activationThreshold: "one" },
    { ignoreNullValues: "xxxx" },
    { customHeaders: "key1=value1,key2" },
    { queryParameters: "key1=value1,key2" },
    { timeout: "-1" },
    { timeout: "a" },
  ])("refuses %j", async (change) => {
    const [[key, value] = []] = Object.entries(change);
    expect(await problemOf("prometheus", { metadata: { ...valid, ...change } })).toContain(
      `${parsing}${parsing}unable to set param "${key}" value "${value}": `,
    );
  });

  test.each<[string, Record<string, string>, string]>([
    ["tls", {}, "cert=<empty> and key=<empty> are required when tls auth is enabled"],
    ["tls", { cert: "c" }, "cert=<present> and key=<empty> are required when tls auth is enabled"],
    ["tls", { key: "k" }, "cert=<empty> and key=<present> are required when tls auth is enabled"],
    [
      "tls,basic",
      { username: "u", password: "p" },
      "cert=<empty> and key=<empty> are required when tls auth is enabled",
    ],
    ["bearer", {}, "bearer token=<empty> is required when bearer auth is enabled"],
    ["basic", {}, "username=<empty> is required when basic auth is enabled"],
    [
      "custom",
      { customAuthHeader: "h" },
      "customAuthHeader=<present> and customAuthValue=<empty> are required when custom auth is enabled",
    ],
    ["oauth", {}, "oauthTokenURI=<empty> and clientID=<empty> are required when oauth is enabled"],
    ["apiKey", {}, "apiKey is required when apiKey auth is enabled"],
    [
      "bearer,basic",
      {},
      'parameter "authModes,authMode" value "bearer,basic" must contain only one of [bearer basic oauth]',
    ],
    ["magic", {}, 'parameter "authModes,authMode" value "magic" must be one of [apiKey basic tls bearer custom oauth]'],
  ])("refuses the mode %s with %j", async (authModes, authParams, message) => {
    const problem = await problemOf("prometheus", { metadata: { ...valid, authModes }, authParams });
    expect(problem).toBe(`${parsing}${parsing}${message}`);
  });

  test("a pod identity and a mode exclude each other", async () => {
    const config = {
      metadata: { ...valid, authModes: "basic" },
      authParams: { username: "u", password: "p" },
      podIdentity: { provider: "azure-workload" } as const,
    };
    expect(await problemOf("prometheus", config)).toBe(
      `${parsing}pod identity cannot be enabled with other auth types`,
    );
  });

  test("certificates that can't be read are refused", async () => {
    const config = { metadata: { ...valid, authModes: "tls" }, authParams: { cert: "ceert", key: "keey" } };
    expect(await problemOf("prometheus", config)).toMatch(
      /^error parsing prometheus metadata: error creating the TLS config: /,
    );
  });

  test("the metric's name and target", async () => {
    const trigger = await open("prometheus", {
      index: 1,
      metadata: { ...valid, threshold: "0.5" },
      metricType: "Value",
    });
    expect(await metricNameOf(trigger)).toBe("s1-prometheus");
    expect(await trigger.metricSpecs()).toMatchObject([{ external: { target: { type: "Value", value: "500m" } } }]);
  });
});

describe("answers", () => {
  const element = (value: unknown) => JSON.stringify({ status: "success", data: { result: [{ value }] } });
  const none = '{"data":{"result":[]}}';
  test.each([
    ["a value", element([1, "2"]), 2],
    ["an exponent", element([1, "1.5e+02"]), 150],
    ["no result", "{}", 0],
    ["no elements", none, 0],
    ["an empty value", element([]), 0],
    ["+Inf", element([1, "+Inf"]), 0],
    ["-Inf", element([1, "-Inf"]), 0],
    ["NaN", element([1, "NaN"]), 0],
  ])("%s is a number", async (_, body, value) => {
    const reading = await readFrom(await serve(body), {});
    expect(reading).toEqual({ values: [{ metricName: "s0-prometheus", value }], active: value > 0 });
  });

  test.each([
    ["no elements", none, "prometheus metrics 'prometheus' target may be lost, the result is empty"],
    ["an empty value", element([]), "prometheus metrics 'prometheus' target may be lost, the value list is empty"],
    ["+Inf", element([1, "+Inf"]), "prometheus query returns +Inf"],
    ["-Inf", element([1, "-Inf"]), "prometheus query returns -Inf"],
    ["NaN", element([1, "NaN"]), "prometheus query returns NaN"],
  ])("%s is an error where null values are not ignored", async (_, body, message) => {
    await expect(readFrom(await serve(body), { ignoreNullValues: "false" })).rejects.toThrow(new Error(message));
  });

  test.each([
    [none, "true", ["s0-prometheus true"]],
    [element([]), "false", ["s0-prometheus false"]],
    [element([1, "0"]), "true", []],
  ])("of the answer %s with ignoreNullValues %s is told: %j", async (body, ignoreNullValues, told) => {
    const heard: string[] = [];
    const emptyAnswer = (metricName: string, isIgnored: boolean) => void heard.push(`${metricName} ${isIgnored}`);
    const { url } = await serve(body);
    const metadata = { ...valid, serverAddress: url, ignoreNullValues };
    const trigger = await openTrigger(aTriggerConfig("prometheus", { metadata }), { ...fakeSeams({}), emptyAnswer });
    await trigger.read("s0-prometheus", new AbortController().signal).catch(() => undefined);
    await trigger.close();
    expect(heard).toEqual(told);
  });

  test.each([
    ["half a value", element(["1"]), "prometheus query up didn't return enough values"],
    ["two elements", '{"data":{"result":[{},{}]}}', "prometheus query up returned multiple elements"],
    ["a text", element([1, "many"]), 'strconv.ParseFloat: parsing "many": invalid syntax'],
    ["null", element([1, null]), "prometheus query up returned null, expected a number as text"],
    ["a bare number", element([1, 2]), "prometheus query up returned 2, expected a number as text"],
    ["less than nothing", element([1, "-5"]), "prometheus query up returned -5, expected a number of 0 or more"],
    [
      "a scalar",
      '{"data":{"resultType":"scalar","result":[1,"2"]}}',
      "prometheus query up returned no vector: data.result.0: Invalid input: expected object, received number",
    ],
  ])("%s is an error whatever is ignored", async (_, body, message) => {
    await expect(readFrom(await serve(body), {})).rejects.toThrow(new Error(message));
  });

  test("a refusal and a page of HTML are errors", async () => {
    await expect(readFrom(await serve("{}", 400), {})).rejects.toThrow(
      new Error("prometheus query api returned error. status: 400"),
    );
    await expect(readFrom(await serve("<html>"), {})).rejects.toThrow("prometheus query api returned no JSON");
  });

  test("it is active above the activation threshold only", async () => {
    const server = await serve(element([1, "50"]));
    expect(await readFrom(server, { activationThreshold: "50" })).toMatchObject({ active: false });
    expect(await readFrom(server, { activationThreshold: "49.5" })).toMatchObject({ active: true });
  });
});

describe("requests", () => {
  const body = '{"data":{"result":[{"value":[1,"2"]}]}}';

  test("carry the query, the time, the namespace, more parameters and headers", async () => {
    const server = await serve(body);
    const query = 'sum(rate(http_requests_total{path="/a b"}[2m]))';
    await readFrom(server, { query, namespace: "team-a", queryParameters: "dedup=true", customHeaders: "X-Org=shop" });
    const [request] = server.requests;
    const url = new URL(request?.url ?? "", server.url);
    expect(url.pathname).toBe("/api/v1/query");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      query,
      time: "2026-07-01T10:20:30Z",
      namespace: "team-a",
      dedup: "true",
    });
    expect(request?.headers["x-org"]).toBe("shop");
  });

  test.each<[string, Record<string, string>, string, string]>([
    ["bearer", { bearerToken: "t0k" }, "authorization", "Bearer t0k"],
    ["basic", { username: "u", password: "pä" }, "authorization", `Basic ${Buffer.from("u:pä").toString("base64")}`],
    ["custom", { customAuthHeader: "X-Key\n", customAuthValue: "v\n" }, "x-key", "v"],
  ])("authenticate by %s", async (authModes, authParams, header, value) => {
    const server = await serve(body);
    await readFrom(server, { authModes }, { authParams });
    expect(server.requests[0]?.headers[header]).toBe(value);
  });

  test("a pod identity is not pretended to be used", async () => {
    const server = await serve(body);
    await expect(readFrom(server, {}, { podIdentity: { provider: "aws" } })).rejects.toThrow("podIdentity aws");
    expect(server.requests).toEqual([]);
  });

  test("by TLS, servers and clients are believed by their certificates", async () => {
    const issued = systemClock.now();
    const ca = await issueCa(issued, {});
    const own = await issueServing(ca, issued, { names: ["127.0.0.1"] });
    const client = await issueServing(ca, issued, { names: ["client"], usage: "client" });
    const server = await fakeHttpServer((_, response) => response.end(body), {
      cert: own.certificate,
      key: own.key,
      ca: ca.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    });
    servers.push(server);
    const authParams = { cert: client.certificate, key: client.key, ca: ca.certificate };
    expect(await readFrom(server, { authModes: "tls" }, { authParams })).toMatchObject({ active: true });
    await expect(
      readFrom(server, { authModes: "tls" }, { authParams: { ...authParams, ca: undefined as never } }),
    ).rejects.toThrow(/^GET https:\/\/127\.0\.0\.1:\d+\/api\/v1\/query: .*certificate/);
    await expect(readFrom(server, {}, {})).rejects.toThrow("certificate");
    const unsafe = { authModes: "tls", unsafeSsl: "true" };
    expect(await readFrom(server, unsafe, { authParams: { ...authParams, ca: "" } })).toMatchObject({ active: true });
  });
});
