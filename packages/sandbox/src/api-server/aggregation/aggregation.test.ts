import type { APIService, EndpointSlice, Service } from "@bellows/api";
import { expect, test } from "vitest";
import { type ApiRequest, ok, Query } from "../api-request.ts";
import { Aggregator, availabilityOf, localApiService, type ServiceLookup, withAvailability } from "./aggregation.ts";

const now = "2026-01-01T00:00:00Z";
const metrics: APIService = {
  metadata: { name: "v1beta1.metrics.k8s.io" },
  spec: {
    group: "metrics.k8s.io",
    version: "v1beta1",
    service: { namespace: "kube-system", name: "metrics-server" },
    groupPriorityMinimum: 100,
    versionPriority: 100,
  },
};
const service = { metadata: { name: "metrics-server" }, spec: { ports: [{ port: 443, name: "https" }] } } as Service;
const slice = {
  metadata: { name: "x" },
  addressType: "IPv4",
  endpoints: [{ addresses: ["10.0.0.1"] }],
  ports: [{ name: "https", port: 10250 }],
} as EndpointSlice;
const lookup = (more: Partial<ServiceLookup> = {}): ServiceLookup => ({
  service: () => service,
  endpointSlices: () => [slice],
  probe: async () => {},
  inProcess: () => false,
  ...more,
});
const failing = async () => {
  throw new Error("failing or missing response from https://10.0.0.1:443/apis/metrics.k8s.io/v1beta1: 500");
};

test.each([
  { name: "passes when all checks pass", look: lookup(), reason: "Passed" },
  { name: "tells that its service is missing", look: lookup({ service: () => undefined }), reason: "ServiceNotFound" },
  {
    name: "tells that the service does not listen",
    look: lookup({ service: () => ({ ...service, spec: { ports: [] } }) as Service }),
    reason: "ServicePortError",
  },
  {
    name: "tells that there are no endpoints",
    look: lookup({ endpointSlices: () => [] }),
    reason: "EndpointsNotFound",
  },
  {
    name: "tells that no endpoint is ready",
    look: lookup({ endpointSlices: () => [{ ...slice, endpoints: [] }] }),
    reason: "MissingEndpoints",
  },
  { name: "tells that discovery fails", look: lookup({ probe: failing }), reason: "FailedDiscoveryCheck" },
  {
    name: "needs no service where this process answers",
    look: lookup({ service: () => undefined, inProcess: () => true }),
    reason: "Passed",
  },
])("an APIService $name", async ({ look, reason }) => {
  expect((await availabilityOf(metrics, look)).reason).toBe(reason);
});

test("a local APIService is always available, with the priority of its group", async () => {
  expect((await availabilityOf(localApiService("apps", "v1", now), lookup())).reason).toBe("Local");
  expect(localApiService("apps", "v1", now).spec).toMatchObject({ groupPriorityMinimum: 17800, versionPriority: 15 });
  expect(localApiService("keda.sh", "v1alpha1", now)).toMatchObject({
    metadata: { name: "v1alpha1.keda.sh", labels: { "kube-aggregator.kubernetes.io/automanaged": "true" } },
    spec: { groupPriorityMinimum: 1000, versionPriority: 100 },
  });
});

test("a condition keeps its time while its status stays", () => {
  const first = withAvailability(metrics, { status: "False", reason: "A", message: "a" }, now);
  const second = withAvailability(first, { status: "False", reason: "B", message: "b" }, "2026-01-02T00:00:00Z");
  expect(second.status?.conditions).toEqual([
    { type: "Available", status: "False", lastTransitionTime: now, reason: "B", message: "b" },
  ]);
  expect(withAvailability(second, { status: "False", reason: "B", message: "b" }, now)).toBe(second);
});

const resolve = () => ({ host: "10.0.0.1", port: 443, serverName: "metrics-server.kube-system.svc" });

const request: ApiRequest = {
  method: "GET",
  path: "/apis/metrics.k8s.io/v1beta1/nodes",
  query: Query.none,
  headers: {},
  user: { username: "u", groups: [] },
};

test("a registered handler answers in process", async () => {
  const aggregator = new Aggregator({ apiServices: () => [metrics], resolve, forward: failing });
  aggregator.register({ namespace: "kube-system", name: "metrics-server" }, async () => ok({ items: [] }));
  const found = aggregator.find("metrics.k8s.io", "v1beta1") as APIService;
  expect((await aggregator.handle(found, request)).body).toEqual({ items: [] });
  expect(aggregator.find("metrics.k8s.io", "v1")).toBeUndefined();
});

test("an unavailable APIService answers 503", async () => {
  const aggregator = new Aggregator({ apiServices: () => [metrics], resolve, forward: async () => ok({}) });
  expect(await aggregator.handle(metrics, request)).toMatchObject({ status: 503, body: "service unavailable\n" });
  const up = withAvailability(metrics, { status: "True", reason: "Passed", message: "all checks passed" }, now);
  expect((await aggregator.handle(up, request)).status).toBe(200);
});

test("a server that does not answer is told of with why", async () => {
  const forward = () => Promise.reject(new Error("dial tcp 10.0.0.1:443: connect: connection refused"));
  const aggregator = new Aggregator({ apiServices: () => [metrics], resolve, forward });
  const up = withAvailability(metrics, { status: "True", reason: "Passed", message: "all checks passed" }, now);
  expect(await aggregator.handle(up, request)).toMatchObject({
    status: 503,
    body: "error trying to reach service: dial tcp 10.0.0.1:443: connect: connection refused\n",
  });
  const url = "https://10.0.0.1:443/apis/metrics.k8s.io/v1beta1/nodes";
  await expect(aggregator.probe(metrics, request)).rejects.toThrow(
    `failing or missing response from ${url}: Get "${url}": dial tcp 10.0.0.1:443: connect: connection refused`,
  );
});
