import type { RequestListener } from "node:http";
import { systemClock } from "@bellows/kube";
import { afterEach, describe, expect, test } from "vitest";
import { type FakeHttpServer, fakeHttpServer, metricNameOf, open, problemOf, soon } from "./trigger.fixture.ts";
import type { TriggerConfig } from "./trigger.ts";

const valid = { url: "http://dummy:1230/api/v1/", valueLocation: "metric.test", targetValue: "42" };
const outer = "error parsing metric API metadata: ";
const parsing = `${outer}error parsing metrics API metadata: `;
const servers: FakeHttpServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(listener: RequestListener | string): Promise<FakeHttpServer> {
  const server = await fakeHttpServer(
    typeof listener === "string" ? (_, response) => response.end(listener) : listener,
  );
  servers.push(server);
  return server;
}

async function readFrom(metadata: Record<string, string>, config: Partial<TriggerConfig> = {}, world = {}) {
  const trigger = await open(
    "metrics-api",
    { metadata: { valueLocation: "count", targetValue: "1", ...metadata }, ...config },
    { clock: systemClock, ...world },
  );
  try {
    return await trigger.read("s0-m", soon());
  } finally {
    await trigger.close();
  }
}

const countOf = async (...asked: Parameters<typeof readFrom>) => (await readFrom(...asked)).values[0]?.value;

describe("metadata", () => {
  test.each<[Record<string, string>, Record<string, string>]>([
    [{}, {}],
    [{ timeout: "1000" }, {}],
    [{ unsafeSsl: "true" }, {}],
    [{ unsafeSsl: "false" }, {}],
    [{ authMode: "apiKey" }, { apiKey: "k" }],
    [{ authMode: "apiKey" }, { apiKey: "k", method: "query" }],
    [{ authMode: "apiKey" }, { apiKey: "k", method: "header", keyParamName: "custom" }],
    [{ authMode: "basic" }, { username: "u", password: "p" }],
    [{ authMode: "bearer" }, { token: "t" }],
  ])("accepts %j with %j", async (more, authParams) => {
    expect(await problemOf("metrics-api", { metadata: { ...valid, ...more }, authParams })).toBeUndefined();
  });

  test.each([
    [{ url: "" }, `${parsing}missing required parameter "url" in [triggerMetadata]`],
    [{ valueLocation: "" }, `${parsing}missing required parameter "valueLocation" in [triggerMetadata]`],
    [{ targetValue: "" }, `${outer}no targetValue given in metadata`],
    [{ format: "csv" }, `${parsing}parameter "format" value "csv" must be one of [prometheus json xml yaml]`],
    [
      { aggregationType: "mode" },
      `${parsing}parameter "aggregationType" value "mode" must be one of [average sum max min]`,
    ],
    [{ authMode: "apiKey" }, `${parsing}apiKey is required when apiKey auth is enabled`],
    [{ authMode: "basic" }, `${parsing}username=<empty> is required when basic auth is enabled`],
    [{ authMode: "bearer" }, `${parsing}bearer token=<empty> is required when bearer auth is enabled`],
    [{ authMode: "tls" }, `${parsing}cert=<empty> and key=<empty> are required when tls auth is enabled`],
  ])("refuses %j", async (change, message) => {
    expect(await problemOf("metrics-api", { metadata: { ...valid, ...change } })).toBe(message);
  });

  test.each<Record<string, string>>([
    { targetValue: "aa" },
    { activationTargetValue: "aa" },
    { timeout: "-1" },
    { timeout: "a" },
    { unsafeSsl: "yes" },
  ])("refuses %j by the parameter's name", async (change) => {
    const [[key, value] = []] = Object.entries(change);
    expect(await problemOf("metrics-api", { metadata: { ...valid, ...change } })).toContain(
      `${parsing}unable to set param "${key}" value "${value}": `,
    );
  });

  test("a trigger that feeds a formula needs no target", async () => {
    expect(
      await problemOf("metrics-api", { metadata: { ...valid, targetValue: "" }, asMetricSource: true }),
    ).toBeUndefined();
  });

  test("the metric is named after the place of its value", async () => {
    expect(await metricNameOf(await open("metrics-api", { index: 1, metadata: valid }))).toBe(
      "s1-metric-api-metric-test",
    );
  });
});

describe("answers", () => {
  test.each([
    ["json", '{"count":"1.5k"}', "count", 1500],
    ["yaml", "count: 3", "count", 3],
    ["xml", "<r><count>4</count></r>", "r.count", 4],
    ["prometheus", 'jobs{queue="a"} 5\n', 'jobs{queue="a"}', 5],
  ])("of %s have a number", async (format, body, valueLocation, value) => {
    const { url } = await serve(body);
    expect(await readFrom({ url, format, valueLocation })).toEqual({
      values: [{ metricName: "s0-m", value }],
      active: true,
    });
  });

  test("are active above the activation value only", async () => {
    const { url } = await serve('{"count":5}');
    expect(await readFrom({ url, activationTargetValue: "5" })).toMatchObject({ active: false });
    expect(await readFrom({ url, activationTargetValue: "4.9" })).toMatchObject({ active: true });
  });

  test.each([
    [
      "a refusal",
      (_: unknown, response: { writeHead(status: number): { end(): void } }) => response.writeHead(418).end(),
      {},
      "/api/v1/: api returned 418",
    ],
    ["a number below 0", '{"count":-1}', {}, 'valueLocation "count" points to -1, expected a number of 0 or more'],
    ["NaN", "count: .nan", { format: "yaml" }, 'valueLocation "count" points to NaN, expected a number of 0 or more'],
    [
      "infinity",
      "count +Inf",
      { format: "prometheus" },
      'valueLocation "count" points to Infinity, expected a number of 0 or more',
    ],
    [
      "nothing",
      "{}",
      {},
      'valueLocation "count" must point to a numeric value or a string parseable as a Quantity, got Null',
    ],
  ])("%s is an error, never 0", async (_, listener, more, message) => {
    const { url } = await serve(listener as RequestListener | string);
    await expect(readFrom({ url: `${url}/api/v1/`, ...more })).rejects.toThrow(
      new Error(`error requesting metrics endpoint: ${message}`),
    );
  });

  test("a flood is cut off", async () => {
    const { url } = await serve((_, response) => {
      response.write("[");
      const more = () => {
        while (response.write("0".repeat(65_536))) if (response.destroyed) return;
        response.once("drain", more);
      };
      more();
    });
    await expect(readFrom({ url })).rejects.toThrow("the answer is longer than 16777216 bytes");
  });

  test("a server that is silent is given up", async () => {
    const { url } = await serve(() => {});
    await expect(readFrom({ url: `${url}/slow?token=s3cret`, timeout: "50ms" })).rejects.toThrow(
      new Error(`error requesting metrics endpoint: GET ${url}/slow: no answer within 50 ms`),
    );
  });

  test("the caller can give up, too, and closing does", async () => {
    const { url } = await serve(() => {});
    const trigger = await open(
      "metrics-api",
      { metadata: { url, valueLocation: "a", targetValue: "1" } },
      { clock: systemClock },
    );
    const stopping = new AbortController();
    const stopped = trigger.read("s0-m", stopping.signal);
    stopping.abort(new Error("time is up"));
    await expect(stopped).rejects.toThrow("time is up");
    const closed = trigger.read("s0-m", soon());
    const refused = expect(closed).rejects.toThrow("the trigger was closed");
    await trigger.close();
    await refused;
  });

  test("a server that is not there is named without its secrets", async () => {
    const { url, close } = await fakeHttpServer(() => {});
    await close();
    const asked = url.replace("http://", "http://user:s3cret@");
    await expect(readFrom({ url: `${asked}/x?key=s3cret` })).rejects.toThrow(
      new RegExp(`^error requesting metrics endpoint: GET ${url}/x: connect ECONNREFUSED 127`),
    );
    await expect(readFrom({ url: "ftp://host/x?key=s3cret" })).rejects.toThrow(
      'error requesting metrics endpoint: "ftp://host/x": expected an http or https URL',
    );
  });

  test("a redirect is followed, without the credentials where it leads to another server", async () => {
    const target = await serve('{"count":9}');
    const { url } = await serve((_, response) => response.writeHead(302, { location: `${target.url}/there` }).end());
    expect(await countOf({ url, authMode: "bearer" }, { authParams: { token: "t" } })).toBe(9);
    expect(target.requests[0]?.url).toBe("/there");
    expect(target.requests[0]?.headers.authorization).toBeUndefined();
  });
});

describe("authentication", () => {
  test.each<[string, Record<string, string>, string, string]>([
    ["bearer", { token: "secure" }, "authorization", "Bearer secure"],
    ["basic", { username: "u", password: "p" }, "authorization", "Basic dTpw"],
    ["apiKey", { apiKey: "k" }, "x-api-key", "k"],
    ["apiKey", { apiKey: "k", keyParamName: "X-Mine" }, "x-mine", "k"],
  ])("by %s %j", async (authMode, authParams, header, value) => {
    const server = await serve('{"count":1}');
    await readFrom({ url: server.url, authMode }, { authParams });
    expect(server.requests[0]?.headers[header]).toBe(value);
  });

  test.each([
    [{ apiKey: "k&y", method: "query" }, "/a?b=c&api_key=k%26y"],
    [{ apiKey: "k", method: "query", keyParamName: "key" }, "/a?b=c&key=k"],
  ])("by a parameter of the query %j", async (authParams, path) => {
    const server = await serve('{"count":1}');
    await readFrom({ url: `${server.url}/a?b=c`, authMode: "apiKey" }, { authParams });
    expect(server.requests[0]?.url).toBe(path);
  });
});

describe("a Service's endpoints", () => {
  const counts: Record<string, number> = { "/127.0.0.1": 20 };
  async function endpoints(ready: readonly (boolean | undefined)[], more: Record<string, string> = {}) {
    const server = await serve((request, response) => {
      const count = counts[`/${request.socket.localAddress}`];
      if (count === undefined) response.writeHead(500).end();
      else response.end(JSON.stringify({ count }));
    });
    const port = Number(new URL(server.url).port);
    const slice = {
      ports: [{ port }],
      endpoints: ready.map((one, index) => ({ addresses: [`127.0.0.${index + 1}`], conditions: { ready: one } })),
    };
    const asked: unknown[] = [];
    const answer = ({ path, query }: { path: string; query?: Record<string, string | undefined> }) => {
      asked.push([path, query?.["labelSelector"]]);
      return { metadata: {}, items: [slice] };
    };
    const url = `http://stats.shop.svc:${port}/metrics`;
    const value = countOf({ url, aggregateFromKubeServiceEndpoints: "true", ...more }, {}, { answer });
    return { value, asked, server };
  }

  test("are found by the name in the URL; those that are not ready, or fail, don't count", async () => {
    const { value, asked, server } = await endpoints([true, false]);
    expect(await value).toBe(20);
    expect(server.requests.map(({ url }) => url)).toEqual(["/metrics"]);
    expect(asked).toEqual([
      ["/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", "kubernetes.io/service-name=stats"],
    ]);
  });

  test.each(["average", "sum", "min", "max"])("that fail are left out of the %s", async (aggregationType) => {
    // At the second address nobody listens.
    const { value } = await endpoints([true, true], { aggregationType });
    expect(await value).toBe(20);
  });

  test.each([
    ["average", 30],
    ["sum", 60],
    ["min", 20],
    ["max", 40],
  ])("give their %s: %s", async (aggregationType, expected) => {
    const urls = ["20", "40"];
    const server = await serve((_, response) => response.end(`{"count":${urls.shift()}}`));
    const port = Number(new URL(server.url).port);
    // One address in two spellings.
    const addresses = ["127.0.0.1", "127.1"];
    const slice = { ports: [{ port }], endpoints: [{ addresses: [...addresses, "127.0.0.1"], conditions: {} }] };
    const metadata = { url: `http://stats.shop.svc:${port}/`, aggregateFromKubeServiceEndpoints: "true" };
    const answer = () => ({ metadata: {}, items: [slice] });
    expect(await countOf({ ...metadata, aggregationType }, {}, { answer })).toBe(expected);
  });

  test("that all fail are an error, whatever is made of them", async () => {
    for (const aggregationType of ["average", "sum", "min", "max"]) {
      const { value } = await endpoints([true, true], { aggregationType, valueLocation: "none" });
      await expect(value).rejects.toThrow(
        new Error(
          "error requesting metrics endpoint: could not get any metric successfully from the 2 provided endpoints",
        ),
      );
    }
  });

  test("give no value where there is none", async () => {
    const { value } = await endpoints([false]);
    await expect(value).rejects.toThrow(
      "error requesting metrics endpoint: no endpoints URLs were given for the service name",
    );
  });

  test("need a URL with a namespace", async () => {
    const { url } = await serve("{}");
    await expect(
      readFrom({ url: url.replace("127.0.0.1", "localhost"), aggregateFromKubeServiceEndpoints: "true" }),
    ).rejects.toThrow(/invalid hostname localhost:\d+ : expected at least 2 elements/);
  });
});
