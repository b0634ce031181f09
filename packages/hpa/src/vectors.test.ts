import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type HpaVector, runHpaVector, sameHpaOutcome } from "./vectors.ts";

const file = new URL("../vectors/public.jsonl.gz", import.meta.url);
const vectors: HpaVector[] = gunzipSync(readFileSync(file))
  .toString()
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

describe("the recorded cases of Kubernetes 1.35.4", () => {
  test("are all there", () => expect(vectors).toHaveLength(1320));

  test("are decided as the real controller decided them", () => {
    const differing = vectors.filter((vector) => !sameHpaOutcome(runHpaVector(vector), vector.expect));
    expect(differing.map((vector) => vector.id)).toEqual([]);
  });

  test("would be told apart from a wrong answer", () => {
    const [vector] = vectors as [HpaVector];
    const wrong = { steps: vector.expect.steps.map((step) => ({ ...step, replicas: step.replicas + 1 })) };
    expect(sameHpaOutcome(runHpaVector(vector), wrong)).toBe(false);
  });
});
