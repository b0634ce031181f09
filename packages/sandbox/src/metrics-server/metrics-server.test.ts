import { APIService } from "@bellows/api";
import { expect, test } from "vitest";
import { SandboxWorld } from "../kubelet/testing/sandbox-world.ts";
import { UsageSource } from "../usage/index.ts";
import { metricsApiHandler, metricsApiService, metricsService } from "./aggregated-api.ts";
import { MetricsServer } from "./metrics-server.ts";

async function aWorld() {
  const world = new SandboxWorld();
  const usage = new UsageSource(world.cache, world.clock, { loadProfiles: false });
  const metrics = new MetricsServer({ usage, cache: world.cache, clock: world.clock });
  await world.start();
  metrics.start();
  await world.fleet.add(world.machine());
  return { world, metrics };
}

const podPath = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods";

test("a pod has metrics some seconds after it runs, in the units of metrics-server", async () => {
  const { world, metrics } = await aWorld();
  await world.seconds(30);
  await world.createPod("hamster", {
    containers: [
      {
        name: "hamster",
        image: "registry.k8s.io/ubuntu-slim:0.14",
        command: ["/bin/sh"],
        args: ["-c", "while true; do timeout 0.5s yes >/dev/null; sleep 0.5s; done"],
        resources: { requests: { cpu: "100m" } },
      },
    ],
  });
  await world.seconds(14);
  expect(metrics.handle({ path: `${podPath}/hamster` })).toEqual({
    status: 404,
    body: {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'podmetrics.metrics.k8s.io "default/hamster" not found',
      reason: "NotFound",
      details: { name: "default/hamster", group: "metrics.k8s.io", kind: "pods" },
      code: 404,
    },
  });
  await world.seconds(12);
  const { status, body } = metrics.handle({ path: `${podPath}/hamster` });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    kind: "PodMetrics",
    apiVersion: "metrics.k8s.io/v1beta1",
    metadata: { name: "hamster", namespace: "default", labels: { app: "hamster" } },
    containers: [
      {
        name: "hamster",
        usage: { cpu: expect.stringMatching(/^(49\d|50\d)\d{6}n$/), memory: expect.stringMatching(/^\d+Ki$/) },
      },
    ],
  });
});

test("lists follow namespaces and label selectors, nodes appear when ready", async () => {
  const { world, metrics } = await aWorld();
  await world.createPod("a");
  await world.createPod("b");
  await world.seconds(45);
  const names = (path: string, labelSelector?: string) => {
    const { body } = metrics.handle({ path, ...(labelSelector && { query: { labelSelector } }) });
    return (body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);
  };
  expect(names(podPath)).toEqual(["a", "b"]);
  expect(names("/apis/metrics.k8s.io/v1beta1/pods", "app in (b)")).toEqual(["b"]);
  expect(names("/apis/metrics.k8s.io/v1beta1/namespaces/other/pods")).toEqual([]);
  expect(names("/apis/metrics.k8s.io/v1beta1/nodes")).toEqual(["node-1"]);
  expect(metrics.handle({ path: "/apis/metrics.k8s.io/v1beta1/nodes/node-2" }).status).toBe(404);
  expect(metrics.handle({ path: "/apis/metrics.k8s.io/v1beta1", query: {} }).body).toMatchObject({
    kind: "APIResourceList",
  });
  expect(metrics.handle({ path: podPath, query: { labelSelector: "a in b" } }).status).toBe(400);
});

test("the API server serves it as an aggregated API", async () => {
  const { world, metrics } = await aWorld();
  world.server.serveApiService(metricsService, metricsApiHandler(metrics));
  await world.client.create(APIService, metricsApiService);
  await world.createPod("web");
  await world.seconds(45);
  const pods = await world.client.raw(podPath, { labelSelector: "app=web" });
  expect(pods).toMatchObject({ kind: "PodMetricsList", items: [{ metadata: { name: "web" } }] });
  await expect(world.client.raw(`${podPath}/none`)).rejects.toMatchObject({ code: 404 });
});
