import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compareKarpenter } from "./vectors/compare.ts";
import { karpenterProblems } from "./vectors/validator.ts";
import { type KarpenterInstanceTypes, type KarpenterVector, runKarpenterVector } from "./vectors/vector.ts";

const read = (name: string) => readFileSync(new URL(`../vectors/${name}`, import.meta.url));
const instanceTypes: KarpenterInstanceTypes = JSON.parse(read("instance-types.json").toString());
const vectors: KarpenterVector[] = gunzipSync(read("public.jsonl.gz"))
  .toString()
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

describe("the recorded problems of Karpenter 1.15", () => {
  const answers = vectors.map((vector) => ({ vector, actual: runKarpenterVector(vector, instanceTypes) }));
  const compared = answers.map(({ vector, actual }) => ({
    id: vector.id,
    ...compareKarpenter(actual, vector, instanceTypes),
  }));

  test("are all there", () => expect(vectors).toHaveLength(314));

  test("are all solved by the rules", () => {
    expect(compared.filter((one) => !one.valid)).toEqual([]);
  });

  test("are solved at least as well in 98 of 100", () => {
    const worse = compared.filter((one) => !one.asGood).map((one) => one.id);
    expect(worse.length / vectors.length).toBeLessThanOrEqual(0.02);
  });

  test("are solved the same in any order of pods", () => {
    for (const { vector, actual } of answers.filter(({ vector }) => vector.input.pods.length < 30)) {
      const reversed = { ...vector, input: { ...vector.input, pods: vector.input.pods.toReversed() } };
      expect(runKarpenterVector(reversed, instanceTypes), vector.id).toEqual(actual);
    }
  });

  test("were solved by the rules by upstream, but for one", () => {
    const wrong = vectors.filter((vector) => karpenterProblems(vector.expect, vector, instanceTypes).length > 0);
    expect(wrong.map((vector) => vector.id)).toEqual(["sched-big-21-10"]);
  });

  test("would be told apart from a wrong answer", () => {
    const { vector, actual } = answers.find(
      ({ actual: one }) => (one.newNodeClaims?.length ?? 0) > 0,
    ) as (typeof answers)[0];
    const [claim, ...others] = actual.newNodeClaims ?? [];
    const lost = { ...actual, newNodeClaims: others };
    expect(karpenterProblems(lost, vector, instanceTypes)).not.toEqual([]);
    const small = { ...actual, newNodeClaims: [{ ...claim, instanceTypes: ["t3.medium"] } as never, ...others] };
    expect(karpenterProblems(small, vector, instanceTypes)).not.toEqual([]);
  });
});
