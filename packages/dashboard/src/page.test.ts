import type { HorizontalPodAutoscaler, Node, Pod } from "@bellows/api";
import { expect, test } from "vitest";
import { overviewOf } from "./overview.ts";
import { body, page } from "./page.ts";

const at = Date.parse("2026-01-05T09:30:00Z");

const aNode = (name: string, labels: Record<string, string> = {}): Node => ({
  metadata: {
    name,
    labels: { "node.kubernetes.io/instance-type": "m5.large", "topology.kubernetes.io/zone": "us-east-1a", ...labels },
  },
  status: { allocatable: { cpu: "2", memory: "4Gi" }, conditions: [{ type: "Ready", status: "True" }] },
});

const aPod = (name: string, nodeName: string | undefined, phase = "Running"): Pod => ({
  metadata: { name, namespace: "shop" },
  spec: {
    ...(nodeName && { nodeName }),
    containers: [{ name: "main", resources: { requests: { cpu: "500m", memory: "1Gi" } } }],
  },
  status: { phase, conditions: [{ type: "Ready", status: phase === "Running" ? "True" : "False" }] },
});

const autoscaler: HorizontalPodAutoscaler = {
  metadata: { name: "web", namespace: "shop" },
  spec: {
    scaleTargetRef: { kind: "Deployment", name: "web" },
    maxReplicas: 10,
    metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } }],
  },
  status: {
    currentReplicas: 2,
    desiredReplicas: 4,
    currentMetrics: [
      { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 91, averageValue: "182m" } } },
    ],
    conditions: [{ type: "AbleToScale", status: "True", reason: "SucceededRescale", message: "to 4" }],
  },
};

const objects = {
  nodes: [aNode("b"), aNode("a")],
  pods: [aPod("one", "a"), aPod("two", "a"), aPod("three", undefined, "Pending")],
  autoscalers: [autoscaler],
  events: [],
};

test("nodes show what is requested of them and what they cost, and pods without a node wait", () => {
  const overview = overviewOf(objects, at);
  expect(overview.nodes.map(({ name, cpu, memory, usdPerHour }) => [name, cpu, memory, usdPerHour])).toEqual([
    ["a", 0.5, 0.5, 0.096],
    ["b", 0, 0, 0.096],
  ]);
  expect(overview.usdPerHour).toBeCloseTo(0.192);
  expect(overview.pending).toEqual([{ namespace: "shop", name: "three", state: "starting" }]);
});

test("an autoscaler shows its metric, where it is going, and why", () => {
  const text = body(overviewOf(objects, at));
  expect(text).toContain("<td>cpu 91 % of 50 %</td><td>2 → 4</td><td>1-10</td><td>SucceededRescale: to 4</td>");
});

test("names that are markup are shown as text", () => {
  const text = page(
    overviewOf({ ...objects, nodes: [aNode('<img src=x onerror="alert(1)">')] }, at),
    "/overview?token=x",
  );
  expect(text).not.toContain("<img");
  expect(text).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;");
});

test("a spot node costs its spot price; a type without a price costs nothing known", () => {
  const { nodes } = overviewOf(
    {
      ...objects,
      nodes: [
        aNode("s", { "karpenter.sh/capacity-type": "spot" }),
        aNode("u", { "node.kubernetes.io/instance-type": "z9.huge" }),
      ],
    },
    at,
  );
  expect(nodes[0]?.usdPerHour).toBeLessThan(0.096);
  expect(nodes[1]?.usdPerHour).toBeUndefined();
});
