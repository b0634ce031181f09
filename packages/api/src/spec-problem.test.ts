import { expect, test } from "vitest";
import { ScaledJob } from "./keda/scaled-job.ts";
import { ScaledObject } from "./keda/scaled-object.ts";
import { isWellFormed, specProblem } from "./spec-problem.ts";

const scaledObject = (spec: unknown) => ({ metadata: { name: "web" }, spec }) as ScaledObject;
const trigger = { type: "cron", metadata: {} };

test.each<[string, unknown, string]>([
  ["no spec", undefined, "spec: nothing, expected an object"],
  ["text for a spec", "web", 'spec: "web", expected an object'],
  ["no target", { triggers: [trigger] }, "spec.scaleTargetRef: nothing, expected an object"],
  [
    "null for the triggers",
    { scaleTargetRef: { name: "web" }, triggers: null },
    "spec.triggers: nothing, expected a list",
  ],
  [
    "no metadata",
    { scaleTargetRef: { name: "web" }, triggers: [trigger, { type: "cron" }] },
    "spec.triggers[1].metadata: nothing, expected an object",
  ],
  [
    "a number that is no text, and a text that is no number",
    {
      scaleTargetRef: { name: "web" },
      triggers: [{ type: "cron", metadata: { desiredReplicas: 5 } }],
      maxReplicaCount: "5",
    },
    'spec.maxReplicaCount: "5", expected a number; spec.triggers[0].metadata.desiredReplicas: 5, expected text',
  ],
])("a ScaledObject with %s names field, value and expectation", (_, spec, problem) => {
  expect(specProblem(ScaledObject, scaledObject(spec))).toBe(problem);
  expect(isWellFormed(ScaledObject, scaledObject(spec))).toBe(false);
});

test("what the kind doesn't know, and nulls, hurt nobody", () => {
  const spec = { scaleTargetRef: { name: "web" }, triggers: [trigger], pollingInterval: null, later: { field: 1 } };
  expect(specProblem(ScaledObject, scaledObject(spec))).toBeUndefined();
  expect(specProblem(ScaledJob, { metadata: { name: "work" } } as ScaledJob)).toBeUndefined();
});

test("a spec is looked at once", () => {
  const spec = { scaleTargetRef: { name: "web" }, triggers: [] as unknown[] };
  const problem = "spec.triggers: [], expected at least 1 items";
  expect(specProblem(ScaledObject, scaledObject(spec))).toBe(problem);
  spec.triggers.push(trigger);
  expect(specProblem(ScaledObject, scaledObject(spec))).toBe(problem);
});
