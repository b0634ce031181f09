import type { Node } from "@bellows/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clusterSize } from "./cluster-size.ts";
import { parseParams, replicasFor } from "./params.ts";
import { parseTargets } from "./target.ts";

const aNode = ({ cpu = "2", ready = true, cordoned = false } = {}): Node => ({
  metadata: { name: "node" },
  spec: cordoned ? { unschedulable: true } : {},
  status: { allocatable: { cpu }, conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
});

const nodes = (count: number) => Array.from({ length: count }, () => aNode());

const replicas = (data: Record<string, unknown>, of: Node[]) => {
  const params = parseParams(
    Object.fromEntries(Object.entries(data).map(([mode, each]) => [mode, JSON.stringify(each)])),
  );
  if ("problem" in params) throw new Error(params.problem);
  return replicasFor(params.params, clusterSize(of)).replicas;
};

describe("ladder", () => {
  const ladder = {
    nodesToReplicas: [
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 3],
      [5, 5],
    ],
  };

  test.each([
    [0, 1],
    [1, 1],
    [3, 3],
    [4, 3],
    [5, 5],
    [50, 5],
  ])("%i nodes get %i replicas", (count, expected) => expect(replicas({ ladder }, nodes(count))).toBe(expected));

  test("a cordoned node and one that is not ready do not count", () => {
    expect(replicas({ ladder }, [...nodes(3), aNode({ cordoned: true }), aNode({ ready: false })])).toBe(3);
  });

  test("they count with includeUnschedulableNodes", () => {
    const all = { ...ladder, includeUnschedulableNodes: true };
    expect(replicas({ ladder: all }, [...nodes(3), aNode({ cordoned: true }), aNode({ ready: false })])).toBe(5);
  });

  test("cores and nodes: the larger wins; steps may come in any order", () => {
    const both = {
      coresToReplicas: [
        [64, 3],
        [1, 1],
      ],
      nodesToReplicas: [
        [2, 2],
        [1, 1],
      ],
    };
    expect(replicas({ ladder: both }, nodes(2))).toBe(2);
    expect(replicas({ ladder: both }, nodes(32))).toBe(3);
  });

  test("never shrinks when nodes come, where the steps ascend", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        (count) => replicas({ ladder }, nodes(count + 1)) >= replicas({ ladder }, nodes(count)),
      ),
    );
  });
});

describe("linear", () => {
  test.each([
    { name: "by cores", linear: { coresPerReplica: 4 }, count: 5, expected: 3 },
    { name: "by nodes, rounded up", linear: { nodesPerReplica: 2 }, count: 5, expected: 3 },
    { name: "the larger of both", linear: { coresPerReplica: 100, nodesPerReplica: 1 }, count: 5, expected: 5 },
    { name: "not above max", linear: { nodesPerReplica: 1, max: 3 }, count: 5, expected: 3 },
    { name: "not below min", linear: { nodesPerReplica: 10, min: 4 }, count: 5, expected: 4 },
    { name: "min 0 means 1", linear: { nodesPerReplica: 10, min: 0 }, count: 0, expected: 1 },
    {
      name: "two where a single point of failure is to be prevented",
      linear: { nodesPerReplica: 16, preventSinglePointFailure: true },
      count: 2,
      expected: 2,
    },
    {
      name: "one where there is only one node",
      linear: { nodesPerReplica: 16, preventSinglePointFailure: true },
      count: 1,
      expected: 1,
    },
  ])("$name", ({ linear, count, expected }) => expect(replicas({ linear }, nodes(count))).toBe(expected));

  test("fractions of cores are rounded up to whole ones", () => {
    expect(clusterSize([aNode({ cpu: "1930m" }), aNode({ cpu: "1930m" })])).toMatchObject({
      totalCores: 4,
      schedulableCores: 4,
    });
  });
});

test.each([
  [undefined, "data: no entry, expected exactly one entry, ladder or linear"],
  [{ ladder: "{}", linear: "{}" }, "data: ladder, linear, expected exactly one entry, ladder or linear"],
  [{ steps: "{}" }, "data.steps: not a control mode, expected ladder or linear"],
  [
    { ladder: '{"nodesToReplicas":[[1,1],[2]]}' },
    "data.ladder.nodesToReplicas[1]: [2], expected [from, replicas], both integers of 0 or more",
  ],
  [{ linear: '{"nodesPerReplica":-1}' }, "data.linear.nodesPerReplica: -1, expected a number of 0 or more"],
  [{ linear: '{"nodesPerReplica":1,"min":3,"max":2}' }, "data.linear.max: 2, expected at least min, which is 3"],
  [{ ladder: "{}" }, "data.ladder: neither coresToReplicas nor nodesToReplicas has a step, expected at least one"],
  [
    { ladder: '{"includeUnschedulableNodes":"yes"}' },
    'data.ladder.includeUnschedulableNodes: "yes", expected true or false',
  ],
  [{ ladder: "[]" }, "data.ladder: [], expected an object"],
  [{ linear: '{"coresPerReplica":"2"}' }, 'data.linear.coresPerReplica: "2", expected a number of 0 or more'],
  [{ linear: '{"coresPerReplica":2,"min":1.5}' }, "data.linear.min: 1.5, expected an integer of 0 or more"],
  [
    { linear: "{}" },
    "data.linear: neither coresPerReplica nor nodesPerReplica is above 0, expected at least one of them",
  ],
])("parameters %j are refused: %s", (data, problem) => {
  expect(parseParams(data as Record<string, string> | undefined)).toEqual({ problem });
});

test("text that is no JSON is refused with what is wrong with it", () => {
  expect(parseParams({ linear: '{"coresPerReplica":2,}' })).toEqual({
    problem: expect.stringMatching(/^data\.linear: not JSON \(.+\), expected an object$/),
  });
});

test("fields are known in any case, and a misspelt one is told of", () => {
  expect(parseParams({ linear: '{"NodesPerReplica":2,"maximum":3,"min":null}' })).toEqual({
    params: { linear: { nodesPerReplica: 2 } },
    unknown: [expect.stringContaining("data.linear.maximum: unknown, expected any of coresPerReplica, ")],
  });
});

test("targets are read in any case, several at once", () => {
  expect(parseTargets("DeplOymEnT/Web, replicasets/old")).toEqual([
    { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    { apiVersion: "apps/v1", kind: "ReplicaSet", name: "old" },
  ]);
  expect(parseTargets("job/x")).toEqual({ problem: expect.stringContaining('"job/x", expected KIND/NAME') });
});
