import fc from "fast-check";
import { expect, test } from "vitest";
import type { ClusterSize } from "./cluster-size.ts";
import { type LadderParams, ladderReplicas as ladderOf, type Step } from "./ladder.ts";
import { type LinearParams, linearReplicas as linearOf } from "./linear.ts";
import { parseParams, replicasFor } from "./params.ts";
import { parseTargets } from "./target.ts";

const ladderReplicas = (params: LadderParams, size: ClusterSize) => ladderOf(params, size).replicas;
const linearReplicas = (params: LinearParams, size: ClusterSize) => linearOf(params, size).replicas;

const amount = fc.integer({ min: 0, max: 20_000 });

const anySize: fc.Arbitrary<ClusterSize> = fc
  .record({ nodes: amount, cores: amount, cordonedNodes: amount, cordonedCores: amount })
  .map(({ nodes, cores, cordonedNodes, cordonedCores }) => ({
    schedulableNodes: nodes,
    schedulableCores: cores,
    totalNodes: nodes + cordonedNodes,
    totalCores: cores + cordonedCores,
  }));

const ratio = fc.double({ min: 0.01, max: 500, noNaN: true });

const anyLinear: fc.Arbitrary<LinearParams> = fc
  .record(
    {
      coresPerReplica: ratio,
      nodesPerReplica: ratio,
      min: fc.integer({ min: 0, max: 20 }),
      max: fc.integer({ min: 20, max: 5000 }),
      preventSinglePointFailure: fc.boolean(),
      includeUnschedulableNodes: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .filter(({ coresPerReplica, nodesPerReplica }) => coresPerReplica !== undefined || nodesPerReplica !== undefined);

const anySteps = fc.array(fc.tuple(amount, fc.integer({ min: 0, max: 100 })), { minLength: 1, maxLength: 12 });

/** Steps that never go down: as ladders are meant. */
const ascendingSteps = anySteps.map((steps): Step[] => {
  const froms = steps.map(([from]) => from).sort((a, b) => a - b);
  const replicas = steps.map(([, count]) => count).sort((a, b) => a - b);
  return froms.map((from, index): Step => [from, replicas[index] as number]);
});

const grown = ({ schedulableNodes, schedulableCores, totalNodes, totalCores }: ClusterSize): ClusterSize => ({
  schedulableNodes: schedulableNodes + 1,
  schedulableCores: schedulableCores + 4,
  totalNodes: totalNodes + 1,
  totalCores: totalCores + 4,
});

test("linear: at least min, and one; at most max", () => {
  fc.assert(
    fc.property(anyLinear, anySize, (params, size) => {
      const replicas = linearReplicas(params, size);
      expect(replicas).toBeGreaterThanOrEqual(Math.max(1, params.min ?? 1));
      if (params.max) expect(replicas).toBeLessThanOrEqual(params.max);
    }),
  );
});

test("linear: a cluster that grows never has fewer replicas", () => {
  fc.assert(
    fc.property(anyLinear, anySize, (params, size) => {
      expect(linearReplicas(params, grown(size))).toBeGreaterThanOrEqual(linearReplicas(params, size));
    }),
  );
});

test("linear: nodes that are cordoned never make fewer replicas where they count", () => {
  fc.assert(
    fc.property(anyLinear, anySize, (params, size) => {
      const all = linearReplicas({ ...params, includeUnschedulableNodes: true }, size);
      expect(all).toBeGreaterThanOrEqual(linearReplicas({ ...params, includeUnschedulableNodes: false }, size));
    }),
  );
});

test("ladder: the replicas of a step, whatever the order of the steps", () => {
  fc.assert(
    fc.property(ascendingSteps, anySize, fc.infiniteStream(fc.nat()), (steps, size, chance) => {
      const replicas = ladderReplicas({ nodesToReplicas: steps }, size);
      expect(steps.map(([, count]) => count)).toContain(replicas);
      // Where two steps begin at one number, the last one given counts: their order is kept.
      fc.pre(new Set(steps.map(([from]) => from)).size === steps.length);
      const shuffled = steps
        .map((step) => ({ step, at: chance.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ step }) => step);
      expect(ladderReplicas({ nodesToReplicas: shuffled }, size)).toBe(replicas);
    }),
  );
});

test("ladder: a cluster that grows never has fewer replicas, where the steps go up", () => {
  fc.assert(
    fc.property(ascendingSteps, ascendingSteps, anySize, (nodesToReplicas, coresToReplicas, size) => {
      const params = { nodesToReplicas, coresToReplicas };
      expect(ladderReplicas(params, grown(size))).toBeGreaterThanOrEqual(ladderReplicas(params, size));
    }),
  );
});

test("whatever a ConfigMap holds is read or refused with its place, and never gives anything but a count", () => {
  const values = fc.oneof(
    fc.constantFrom("", "{", "[]", "null", "0"),
    fc.string(),
    fc.json(),
    anyLinear.map((params) => JSON.stringify(params)),
    anySteps.map((nodesToReplicas) => JSON.stringify({ nodesToReplicas })),
  );
  const data = fc.dictionary(fc.constantFrom("ladder", "linear", "steps"), values, { maxKeys: 2 });
  fc.assert(
    fc.property(data, anySize, (given, size) => {
      const read = parseParams(given);
      if ("problem" in read) expect(read.problem).toMatch(/^data.*, expected /s);
      else
        expect(replicasFor(read.params, size).replicas).toSatisfy(
          (count: number) => Number.isInteger(count) && count >= 0,
        );
    }),
  );
});

test("whatever --target says is read or refused with the part that can't be", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = parseTargets(text);
      if ("problem" in read) expect(read.problem).toMatch(/^target: ".*", expected KIND\/NAME/s);
      else expect(read.length).toBe(text.split(",").length);
    }),
  );
});
