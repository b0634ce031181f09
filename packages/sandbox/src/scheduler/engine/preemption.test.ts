import type { PodDisruptionBudget } from "@bellows/api";
import { expect, test } from "vitest";
import { cluster, input, node, type PodShape, pod } from "./cluster.fixture.ts";
import { decidePreemption } from "./preemption.ts";
import { decideNode } from "./schedule-pod.ts";

const of = (name: string, priority: number, cpu: string, shape: PodShape = {}) =>
  pod(name, { ...shape, cpu, labels: { app: name }, spec: { priority, ...shape.spec } });

function preempt(
  incoming: ReturnType<typeof pod>,
  made: ReturnType<typeof cluster>,
  budgets: PodDisruptionBudget[] = [],
) {
  const { failure } = decideNode(incoming, input(made));
  if (!failure) throw new Error("the pod fits as it is");
  const { candidate, message } = decidePreemption(incoming, failure, budgets, input(made));
  return candidate
    ? { on: candidate.node.name, victims: candidate.victims.map((victim) => victim.pod.metadata.name) }
    : message;
}

test("takes only as much as it needs, the least important first", () => {
  const made = cluster([node("a")], { a: [of("low", 1, "2"), of("mid", 5, "1"), of("high", 9, "1")] });
  expect(preempt(of("p", 10, "2"), made)).toEqual({ on: "a", victims: ["low"] });
  expect(preempt(of("p", 10, "3"), made)).toEqual({ on: "a", victims: ["mid", "low"] });
});

test("prefers the node whose most important victim is the least", () => {
  const made = cluster([node("a"), node("b")], { a: [of("x", 5, "4")], b: [of("y", 3, "2"), of("z", 3, "2")] });
  expect(preempt(of("p", 10, "4"), made)).toEqual({ on: "b", victims: ["y", "z"] });
});

test("prefers the node where no budget is overdrawn", () => {
  const made = cluster([node("a"), node("b")], { a: [of("guarded", 1, "4")], b: [of("plain", 5, "4")] });
  const budget: PodDisruptionBudget = {
    metadata: { name: "guard", namespace: "default" },
    spec: { selector: { matchLabels: { app: "guarded" } } },
    status: { currentHealthy: 1, desiredHealthy: 1, disruptionsAllowed: 0, expectedPods: 1 },
  };
  expect(preempt(of("p", 10, "4"), made, [budget])).toEqual({ on: "b", victims: ["plain"] });
});

test("says why it cannot help", () => {
  const made = cluster([node("a"), node("b", { cpu: "1" })], { a: [of("same", 10, "4")] });
  expect(preempt(of("p", 10, "4"), made)).toBe(
    "0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.",
  );
  expect(preempt(of("p", 20, "4", { spec: { preemptionPolicy: "Never" } }), made)).toBe(
    "not eligible due to preemptionPolicy=Never.",
  );
});

test("leaves the cluster as it was", () => {
  const spread = {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: { app: "low" } },
      },
    ],
  };
  const made = cluster([node("a"), node("b")], { a: [of("low", 1, "4")], b: [of("other", 1, "4")] });
  const incoming = of("p", 10, "4", { spec: spread });
  const first = preempt(incoming, made);
  expect(preempt(incoming, made)).toEqual(first);
  expect(made.node("a")?.pods.size).toBe(1);
});
