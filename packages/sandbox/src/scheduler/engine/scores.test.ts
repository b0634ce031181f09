import { describe, expect, test } from "vitest";
import { cluster, input, node, placed, pod } from "./cluster.fixture.ts";
import { imageLocality } from "./image-locality.ts";
import { interPodAffinityScore } from "./inter-pod-affinity.ts";
import { nodeAffinityScore, taintTolerationScore } from "./node-plugins.ts";
import { balancedAllocation, leastAllocated } from "./node-resources.ts";
import type { ScorePlugin } from "./plugin.ts";
import { podTopologySpreadScore } from "./pod-topology-spread.ts";
import { feasibleEnough, scoreNodes } from "./schedule-pod.ts";

function scoresOf(
  plugin: ScorePlugin,
  incoming: ReturnType<typeof pod>,
  made: ReturnType<typeof cluster>,
): number[] | undefined {
  const nodes = made.nodes();
  const prepared = plugin.prepare(incoming, nodes, made);
  if (!prepared) return undefined;
  const scores = nodes.map((each) => prepared.score(each));
  prepared.normalize?.(scores, nodes);
  return scores;
}

test("least allocated: the mean of the free shares of cpu and memory", () => {
  const made = cluster([node("a", { cpu: "4", memory: "8Gi" }), node("b", { cpu: "8", memory: "8Gi" })]);
  // 1 of 4 cpu and 2 of 8 Gi leave 75 and 75; 1 of 8 cpu leaves 87.
  expect(scoresOf(leastAllocated, pod("p", { cpu: "1", memory: "2Gi" }), made)).toEqual([75, 81]);
  // Without requests a pod counts as 100m and 200 MiB.
  expect(scoresOf(leastAllocated, pod("p"), made)).toEqual([97, 97]);
});

test("balanced allocation: equal shares are best", () => {
  const made = cluster([node("a", { cpu: "4", memory: "8Gi" }), node("b", { cpu: "4", memory: "4Gi" })]);
  expect(scoresOf(balancedAllocation, pod("p", { cpu: "2", memory: "4Gi" }), made)).toEqual([100, 75]);
  expect(scoresOf(balancedAllocation, pod("p"), made)).toBeUndefined();
});

test("taints that a node would rather not have tolerated count against it", () => {
  const taint = (key: string) => ({ key, effect: "PreferNoSchedule" });
  const made = cluster([
    node("a"),
    node("b", { taints: [taint("x")] }),
    node("c", { taints: [taint("x"), taint("y")] }),
  ]);
  expect(scoresOf(taintTolerationScore, pod("p"), made)).toEqual([100, 50, 0]);
});

test("preferred node affinity: the weights of the terms that match", () => {
  const preference = (key: string) => ({ matchExpressions: [{ key, operator: "Exists" }] });
  const preferredDuringSchedulingIgnoredDuringExecution = [
    { weight: 80, preference: preference("x") },
    { weight: 20, preference: preference("y") },
  ];
  const spec = { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution } } };
  const made = cluster([node("a", { labels: { x: "", y: "" } }), node("b", { labels: { x: "" } }), node("c")]);
  expect(scoresOf(nodeAffinityScore, pod("p", { spec }), made)).toEqual([100, 80, 0]);
});

test("preferred pod affinity, and that of the pods already there", () => {
  const term = (weight: number) => ({
    weight,
    podAffinityTerm: { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "web" } } },
  });
  const likes = { affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [term(10)] } } };
  const dislikes = { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [term(10)] } } };
  const web = pod("web", { labels: { app: "web" } });
  const made = cluster([node("a"), node("b"), node("c")], { a: [web], b: [pod("shy", { spec: dislikes })] });
  expect(scoresOf(interPodAffinityScore, pod("p", { spec: likes }), made)).toEqual([100, 0, 0]);
  expect(scoresOf(interPodAffinityScore, pod("p", { labels: { app: "web" } }), made)).toEqual([100, 0, 100]);
});

test("a pod without constraints is spread over hosts and zones with its siblings", () => {
  const zone = (name: string) => ({ labels: { "topology.kubernetes.io/zone": name } });
  const sibling = (name: string) => pod(name, { labels: { app: "web" } });
  const objects = { spreadingSelector: () => ({ matchLabels: { app: "web" } }) };
  const nodes = [node("a", zone("1")), node("b", zone("1")), node("c", zone("2"))];
  const made = cluster(nodes, { a: [sibling("x")] }, objects);
  const byName = Object.fromEntries(
    (scoresOf(podTopologySpreadScore, sibling("p"), made) ?? []).map((score, index) => [
      made.nodes()[index]?.name,
      score,
    ]),
  );
  expect(byName["c"]).toBe(100);
  expect(byName["b"]).toBeGreaterThan(byName["a"] as number);
  expect(placed(sibling("p"), made)).toBe("c");
});

test("images that are there earn by their size", () => {
  const images = [{ names: ["nginx:latest"], sizeBytes: 500 * 1024 * 1024 }];
  const made = cluster([node("a", { images }), node("b")]);
  // Half of the nodes have it: 250 of 1000 MB count.
  expect(scoresOf(imageLocality, pod("p"), made)).toEqual([23, 0]);
});

test("weights: a tainted node loses against an empty one by three times its score", () => {
  const made = cluster([node("a", { taints: [{ key: "x", effect: "PreferNoSchedule" }] }), node("b")]);
  const [a = 0, b = 0] = scoreNodes(pod("p", { cpu: "1", memory: "1Gi" }), made.nodes(), input(made));
  expect(b - a).toBe(300);
});

describe("how many feasible nodes are enough", () => {
  test.each([
    [5, 5],
    [100, 100],
    [101, 100],
    [500, 230],
    [1000, 420],
    [5000, 500],
  ])("%i nodes: %i", (nodes, enough) => expect(feasibleEnough(nodes)).toBe(enough));
});
