import { VirtualClock } from "@bellows/kube";
import { describe, expect, test } from "vitest";
import { type ExternalMetricsOptions, externalMetricsHandler } from "./handler.ts";

const root = "/apis/external.metrics.k8s.io/v1beta1";
const metric = "s0-cron-Asia-Seoul-00,15,30,45xxxx-05,20,35,50xxxx";
const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));

function handlerWith(options: Partial<ExternalMetricsOptions> = {}) {
  const asked: unknown[] = [];
  const handler = externalMetricsHandler({
    clock,
    metricNames: () => [metric, "s0-other", metric],
    metricValues: async (...args) => {
      asked.push(args);
      return [{ metricName: args[2], value: 1.2345 }];
    },
    ...options,
  });
  return { handler, asked };
}

const select = (labelSelector: string) => ({ labelSelector });
const ours = select("scaledobject.keda.sh/name=so");

test("discovery lists the metrics that there are", async () => {
  const resource = (name: string) => ({
    name,
    singularName: "",
    namespaced: true,
    kind: "ExternalMetricValueList",
    verbs: ["get"],
  });
  expect(await handlerWith().handler({ path: root })).toEqual({
    status: 200,
    body: {
      kind: "APIResourceList",
      apiVersion: "v1",
      groupVersion: "external.metrics.k8s.io/v1beta1",
      resources: [resource(metric), resource("s0-other")],
    },
  });
  const { body } = await handlerWith({ metricNames: () => [] }).handler({ path: root });
  expect(body).toMatchObject({ resources: [{ name: "externalmetrics" }] });
  expect((await handlerWith().handler({ path: "/apis/external.metrics.k8s.io" })).body).toMatchObject({
    kind: "APIGroup",
    preferredVersion: { version: "v1beta1" },
  });
});

test("a metric of a ScaledObject is given in thousandths", async () => {
  const { handler, asked } = handlerWith();
  const path = `${root}/namespaces/default/${encodeURIComponent(metric)}`;
  expect(await handler({ path, query: ours })).toEqual({
    status: 200,
    body: {
      kind: "ExternalMetricValueList",
      apiVersion: "external.metrics.k8s.io/v1beta1",
      metadata: {},
      items: [{ metricName: metric, metricLabels: null, timestamp: "2026-01-01T00:00:00Z", value: "1234m" }],
    },
  });
  expect(asked).toEqual([["default", "so", metric]]);
});

test.each([
  [1, "1"],
  [0, "0"],
  [0.0009, "0"],
  [12_000, "12k"],
  [-1, "-1"],
  [1.5, "1500m"],
])("%d is written as %s", async (value, text) => {
  const { handler } = handlerWith({ metricValues: async () => [{ metricName: "m", value }] });
  const { body } = await handler({ path: `${root}/namespaces/a/m`, query: ours });
  expect(body).toMatchObject({ items: [{ value: text }] });
});

const failureOf = (code: number, message: string, reason?: string) => ({
  status: code,
  body: {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    ...(reason && { reason }),
    code,
  },
});

test.each([
  ["no selector", {}, failureOf(500, "scaledObject name is not specified")],
  ["another selector", select("app=web"), failureOf(500, "scaledObject name is not specified")],
  ["a set-based selector", select("a in (b)"), failureOf(500, "invalid selector: [a in (b)]")],
])("with %s it says what is missing", async (_, query, expected) => {
  expect(await handlerWith().handler({ path: `${root}/namespaces/a/m`, query })).toEqual(expected);
});

test("a selector that can't be read is a bad request", async () => {
  const answer = await handlerWith().handler({ path: `${root}/namespaces/a/m`, query: select("a in b") });
  expect(answer).toMatchObject({ status: 400, body: { reason: "BadRequest" } });
});

test("a selector with more labels names the ScaledObject too", async () => {
  const { handler, asked } = handlerWith();
  const query = select("app=web, scaledobject.keda.sh/name=so");
  expect((await handler({ path: `${root}/namespaces/a/m`, query })).status).toBe(200);
  expect(asked).toEqual([["a", "so", "m"]]);
});

test("what went wrong is told in upstream's words", async () => {
  const { handler } = handlerWith({
    metricValues: () => Promise.reject(new Error("metric:s0-x encountered error")),
  });
  expect(await handler({ path: `${root}/namespaces/a/s0-x`, query: ours })).toEqual(
    failureOf(500, "rpc error: code = Unknown desc = error when getting metric values metric:s0-x encountered error"),
  );
});

test.each([
  `${root}/namespaces`,
  `${root}/namespaces/a`,
  `${root}/namespaces/a/b/c`,
  `${root}/nodes/a/b`,
  "/apis/external.metrics.k8s.io/v1",
  `${root}/namespaces/a/%E0%A4%A`,
])("%s is not found", async (path) => {
  expect((await handlerWith().handler({ path, query: ours })).status).toBe(404);
});

test("only reading is allowed", async () => {
  expect((await handlerWith().handler({ method: "POST", path: `${root}/namespaces/a/m` })).status).toBe(405);
});

test("metrics that are no ScaledObject's are asked of the adapter that was there before", async () => {
  const other = { status: 200, body: { kind: "ExternalMetricValueList", resources: [{ name: "queue" }] } };
  const { handler, asked } = handlerWith({ forward: async () => other });
  expect(await handler({ path: `${root}/namespaces/a/queue`, query: select("queue=x") })).toBe(other);
  expect(await handler({ path: `${root}/namespaces/a/queue`, query: select("queue in (x,y)") })).toBe(other);
  expect(await handler({ path: `${root}/namespaces/a/queue` })).toBe(other);
  expect(asked).toEqual([]);
  const { body } = await handler({ path: root });
  expect((body as { resources: { name: string }[] }).resources.map(({ name }) => name)).toEqual([
    "queue",
    metric,
    "s0-other",
  ]);
});

test("an adapter that is down does not take the discovery with it", async () => {
  const { handler } = handlerWith({ forward: () => Promise.reject(new Error("connection refused")) });
  expect((await handler({ path: root })).status).toBe(200);
  expect((await handler({ path: `${root}/namespaces/a/queue` })).body).toMatchObject({
    message: "asking the adapter that was registered before: connection refused",
  });
});

describe("discovery of all groups", () => {
  const accept = (version: string) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

  test.each([
    [`${accept("v2")},${accept("v2beta1")}`, "v2"],
    [accept("v2beta1"), "v2beta1"],
  ])("is aggregated where that is asked for by %s", async (asked, version) => {
    const resource = (name: string) => ({
      resource: name,
      responseKind: { group: "external.metrics.k8s.io", version: "v1beta1", kind: "ExternalMetricValueList" },
      scope: "Namespaced",
      singularResource: "",
      verbs: ["get"],
    });
    expect(await handlerWith().handler({ path: "/apis", headers: { accept: asked } })).toEqual({
      status: 200,
      contentType: accept(version),
      body: {
        kind: "APIGroupDiscoveryList",
        apiVersion: `apidiscovery.k8s.io/${version}`,
        metadata: {},
        items: [
          {
            metadata: { name: "external.metrics.k8s.io" },
            versions: [
              { version: "v1beta1", resources: [resource(metric), resource("s0-other")], freshness: "Current" },
            ],
          },
        ],
      },
    });
  });

  test("is a list of groups otherwise", async () => {
    expect(await handlerWith().handler({ path: "/apis", headers: { accept: "application/json" } })).toMatchObject({
      status: 200,
      body: { kind: "APIGroupList", groups: [{ name: "external.metrics.k8s.io" }] },
    });
  });
});
