import { Deployment, Pod } from "@bellows/api";
import { expect, test } from "vitest";
import { groupPods, requestsOf } from "./engine/pods.ts";
import { hpaProjections } from "./projections.ts";

const aPod = (name: string): Pod => ({
  metadata: {
    name,
    namespace: "shop",
    uid: `uid-${name}`,
    labels: { app: "web" },
    managedFields: [{ manager: "kubelet" }],
  },
  spec: {
    nodeName: "node-1",
    resources: { requests: { cpu: "1" } },
    initContainers: [
      { name: "setup", resources: { requests: { cpu: "1" } } },
      { name: "proxy", restartPolicy: "Always", resources: { requests: { cpu: "20m" } } },
    ],
    containers: [{ name: "main", image: "web", resources: { requests: { cpu: "100m" }, limits: { cpu: "1" } } }],
  },
  status: {
    phase: "Running",
    startTime: "2026-01-01T00:00:00Z",
    conditions: [
      { type: "Initialized", status: "True" },
      { type: "Ready", status: "False", lastTransitionTime: "2026-01-01T00:00:10Z" },
    ],
  },
});

const projectOf = <T>(kind: unknown) => {
  const found = hpaProjections().find((each) => (each.kind as unknown) === kind);
  return found?.project as unknown as (object: T) => T;
};

test("what is kept of a pod counts as the whole pod does", () => {
  const project = projectOf<Pod>(Pod);
  const whole = aPod("web-1");
  const kept = project(whole);
  expect(kept.metadata).toEqual({ name: "web-1", namespace: "shop", labels: { app: "web" } });
  expect(kept.spec?.containers).toEqual([{ name: "main", resources: { requests: { cpu: "100m" } } }]);
  const samples = new Map([["web-1", { milli: 50, at: Date.parse("2026-01-01T00:00:20Z"), windowMs: 15_000 }]]);
  const delays = { cpuInitializationPeriodMs: 300_000, initialReadinessDelayMs: 30_000 };
  for (const now of [Date.parse("2026-01-01T00:00:30Z"), Date.parse("2026-01-01T01:00:00Z")])
    expect(groupPods([kept], samples, "cpu", delays, now)).toEqual(groupPods([whole], samples, "cpu", delays, now));
  for (const container of [undefined, "main", "proxy"])
    expect(requestsOf([kept], "cpu", container)).toEqual(requestsOf([whole], "cpu", container));
});

test("pods of one ReplicaSet share their labels and requests", () => {
  const project = projectOf<Pod>(Pod);
  const [first, second] = [project(aPod("web-1")), project(aPod("web-2"))];
  expect(first.metadata.labels).toBe(second.metadata.labels);
  expect(first.spec).toBe(second.spec);
});

test("what is kept of a Deployment is its scale", () => {
  const project = projectOf<Deployment>(Deployment);
  const selector = { matchLabels: { app: "web" } };
  const kept = project({
    metadata: { name: "web", namespace: "shop", resourceVersion: "7", labels: { a: "b" } },
    spec: { replicas: 3, selector, template: { metadata: {}, spec: { containers: [] } } },
    status: { replicas: 4, updatedReplicas: 1, readyReplicas: 3 },
  });
  expect(kept).toEqual({
    metadata: { name: "web", namespace: "shop", resourceVersion: "7" },
    spec: { replicas: 3, selector },
    status: { replicas: 4, updatedReplicas: 1 },
  });
});
