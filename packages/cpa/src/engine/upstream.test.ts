import { describe, expect, test } from "vitest";
import type { ClusterSize } from "./cluster-size.ts";
import { type LadderParams, ladderReplicas as ladderOf, type Step } from "./ladder.ts";
import { type LinearParams, linearReplicas as linearOf } from "./linear.ts";
import { parseParams } from "./params.ts";

const ladderReplicas = (params: LadderParams, size: ClusterSize) => ladderOf(params, size).replicas;
const linearReplicas = (params: LinearParams, size: ClusterSize) => linearOf(params, size).replicas;

/** The numbers of the unit tests of cluster-proportional-autoscaler 1.10. */

const size = (nodes: number, cores: number, all: { nodes: number; cores: number } = { nodes, cores }): ClusterSize => ({
  schedulableNodes: nodes,
  schedulableCores: cores,
  totalNodes: all.nodes,
  totalCores: all.cores,
});

describe("ladder", () => {
  const steps = [1, 2, 3, 4, 10, 20].map((each): Step => [each, each]);

  test.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
    [6, 4],
    [10, 10],
    [11, 10],
    [19, 10],
    [20, 20],
    [21, 20],
    [40, 20],
  ])("%i cores get %i replicas", (cores, replicas) => {
    expect(ladderReplicas({ coresToReplicas: steps }, size(0, cores))).toBe(replicas);
    expect(ladderReplicas({ coresToReplicas: steps.toReversed() }, size(0, cores))).toBe(replicas);
  });

  test.each([
    [0, 0],
    [1, 0],
    [2, 0],
    [3, 3],
    [4, 3],
  ])("%i nodes get %i replicas where the first step is of 0", (nodes, replicas) => {
    for (const from of [0, 1]) {
      const nodesToReplicas: Step[] = [
        [from, 0],
        [3, 3],
      ];
      expect(ladderReplicas({ nodesToReplicas }, size(nodes, 0))).toBe(replicas);
    }
  });

  test.each([
    { all: true, seen: size(2, 8, { nodes: 3, cores: 12 }), replicas: 3 },
    { all: false, seen: size(1, 4, { nodes: 3, cores: 12 }), replicas: 1 },
  ])("includeUnschedulableNodes $all: $replicas", ({ all, seen, replicas }) => {
    const params: LadderParams = {
      nodesToReplicas: [0, 1, 2, 3].map((each): Step => [each, each]),
      coresToReplicas: [0, 1, 2, 3].map((each): Step => [4 * each, each]),
      includeUnschedulableNodes: all,
    };
    expect(ladderReplicas(params, seen)).toBe(replicas);
  });
});

describe("linear", () => {
  test.each([
    [0, 2],
    [1, 2],
    [4, 2],
    [6, 3],
    [10, 5],
    [11, 6],
    [19, 10],
    [20, 10],
    [21, 11],
    [30, 15],
    [40, 20],
  ])("%i cores get %i replicas, two cores each and two at least", (cores, replicas) => {
    expect(linearReplicas({ coresPerReplica: 2, min: 2, max: 100 }, size(0, cores))).toBe(replicas);
  });

  const both: LinearParams = {
    coresPerReplica: 2,
    nodesPerReplica: 2.5,
    min: 1,
    max: 100,
    preventSinglePointFailure: true,
  };

  test.each([
    [0, 0, 1],
    [1, 2, 2],
    [2, 3, 2],
    [3, 4, 2],
    [4, 4, 2],
    [6, 4, 3],
    [6, 5, 3],
    [8, 5, 4],
    [8, 15, 6],
    [8, 16, 7],
    [19, 21, 10],
    [23, 20, 12],
    [26, 38, 16],
    [30, 49, 20],
    [40, 20, 20],
  ])("%i cores on %i nodes get %i replicas", (cores, nodes, replicas) => {
    expect(linearReplicas(both, size(nodes, cores))).toBe(replicas);
  });

  test.each([
    [0, 0, 1],
    [1, 1, 1],
    [2, 2, 2],
    [2, 4, 2],
    [6, 8, 4],
    [21, 210, 100],
  ])("%i of %i nodes are schedulable and all count: %i replicas", (schedulable, all, replicas) => {
    const params = { ...both, nodesPerReplica: 2, includeUnschedulableNodes: true };
    expect(linearReplicas(params, size(schedulable, schedulable, { nodes: all, cores: all }))).toBe(replicas);
  });
});

test.each([
  ['{ "coresToReplicas" : {{ 1:1 } }'],
  ['{ "coresToReplicas" : [[ "1, "a"]] }'],
  ['{ "coresToReplicas" : [[:-200]] }'],
])("the ladder %s is refused", (ladder) => expect(parseParams({ ladder })).toHaveProperty("problem"));

test.each([
  ['{"coresPerReplica": 2, "nodesPerReplica": 1, "min": 1, "max": 100, }'],
  ['{ "coresPerReplica": {{ 1:1 } }'],
  ['{ "coresPerReplica": "whatisthis"'],
  ['{ "nodesPerReplica":  -20 }'],
  ['{ "nodesPerReplica": 1, "min": 100, "max": 50 }'],
  ['{ "min": 1, "max": 100 }'],
  ['{ "coresPerReplica": 2, "preventSinglePointFailure": invalid }'],
  ['{ "coresPerReplica": 2, "includeUnschedulableNodes": invalid }'],
])("the linear parameters %s are refused", (linear) => expect(parseParams({ linear })).toHaveProperty("problem"));

test("the ladder of upstream's README is read whole", () => {
  const ladder = {
    coresToReplicas: [
      [1, 1],
      [64, 3],
      [512, 5],
      [1024, 7],
      [2048, 10],
      [4096, 15],
    ],
    nodesToReplicas: [
      [1, 1],
      [2, 2],
    ],
    includeUnschedulableNodes: false,
  };
  const read = parseParams({ ladder: JSON.stringify(ladder) });
  expect(read).toEqual({ params: { ladder }, unknown: [] });
  expect(ladderReplicas(ladder as unknown as LadderParams, size(100, 400))).toBe(3);
});
