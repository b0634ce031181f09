import { expect, test } from "vitest";
import { conditionStatus, initialConditions, initializedConditions, withCondition } from "./conditions.ts";

const hpaActive = (message: string) => withCondition(initialConditions, "HPAActive", "False", "Unavailable", message);

test("objects begin with four conditions, of which one is known", () => {
  expect(initialConditions).toEqual([
    { type: "Ready", status: "Unknown" },
    { type: "Active", status: "Unknown" },
    { type: "Fallback", status: "Unknown" },
    { type: "Paused", status: "False" },
  ]);
});

test.each([
  ["none", undefined],
  ["an empty list", []],
  ["some", initialConditions.slice(0, 3)],
])("%s of them begin anew", (_, conditions) => {
  expect(initializedConditions(conditions)).toBe(initialConditions);
});

test("all of them stay, with and without that of an HPA", () => {
  for (const conditions of [[...initialConditions], hpaActive("x")]) {
    expect(initializedConditions(conditions)).toBe(conditions);
  }
});

test.each(["Ready", "Active", "Fallback", "Paused"] as const)("%s changes in its place", (type) => {
  const changed = withCondition(initialConditions, type, "True", "Because", "it is so");
  expect(changed.map((one) => one.type)).toEqual(initialConditions.map((one) => one.type));
  expect(changed).toContainEqual({ type, status: "True", reason: "Because", message: "it is so" });
  expect(conditionStatus(changed, type)).toBe("True");
  expect(withCondition(changed, type, "True", "Because", "it is so")).toBe(changed);
});

test("that of an HPA comes with the first look at one, and changes in its place", () => {
  expect(conditionStatus(initialConditions, "HPAActive")).toBe("Unknown");
  const first = hpaActive("FailedGetExternalMetric: unable to fetch metrics");
  expect(first).toHaveLength(5);
  const second = withCondition(first, "HPAActive", "True", "HPAActive", "HPA is actively scaling");
  expect(second.slice(0, 4)).toEqual(initialConditions);
  expect(second.slice(4)).toEqual([
    { type: "HPAActive", status: "True", reason: "HPAActive", message: "HPA is actively scaling" },
  ]);
});
