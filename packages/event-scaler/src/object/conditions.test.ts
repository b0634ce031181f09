import { expect, test } from "vitest";
import { conditionStatus, initialConditions, initializedConditions, withCondition } from "./conditions.ts";

test("an object begins with four conditions; HPAActive comes with an HPA, which ScaledJobs never have", () => {
  expect(initializedConditions(undefined)).toEqual([
    { type: "Ready", status: "Unknown" },
    { type: "Active", status: "Unknown" },
    { type: "Fallback", status: "Unknown" },
    { type: "Paused", status: "False" },
  ]);
  expect(conditionStatus(initialConditions, "HPAActive")).toBe("Unknown");
});

test("conditions that lack one begin anew, those that are complete stay, with what else there is", () => {
  const [ready, ...others] = withCondition(initialConditions, "Ready", "True", "R", "m");
  if (!ready) throw new Error("no condition");
  expect(initializedConditions([ready])).toEqual(initialConditions);
  const complete = [ready, ...others, { type: "HPAActive", status: "True" }];
  expect(initializedConditions(complete)).toBe(complete);
});

test("a condition that says the same changes nothing", () => {
  const once = withCondition(initialConditions, "HPAActive", "False", "FailedGetExternalMetric", "no");
  expect(once).toHaveLength(5);
  expect(withCondition(once, "HPAActive", "False", "FailedGetExternalMetric", "no")).toBe(once);
  expect(withCondition(once, "HPAActive", "False", "FailedGetExternalMetric", "none")).not.toBe(once);
});
