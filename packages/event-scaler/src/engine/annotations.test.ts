import type { ScaledObject } from "@bellows/api";
import { expect, test } from "vitest";
import { hasPausedAnnotation, isPaused, isScaleInPaused, pausedReplicasOf } from "./annotations.ts";

const annotated = (annotations: Record<string, string>): ScaledObject => ({
  metadata: { name: "so", annotations },
  spec: { scaleTargetRef: { name: "web" }, triggers: [] },
});
const paused = (value: string) => annotated({ "autoscaling.keda.sh/paused": value });
const replicas = (value: string) => annotated({ "autoscaling.keda.sh/paused-replicas": value });

test.each([
  ["true", true],
  ["1", true],
  ["T", true],
  ["", true],
  ["yes", true],
  ["tRuE", true],
  ["false", false],
  ["False", false],
  ["0", false],
  ["f", false],
])("paused %j holds the object: %s", (value, expected) => {
  expect(isPaused(paused(value))).toBe(expected);
  expect(isScaleInPaused(annotated({ "autoscaling.keda.sh/paused-scale-in": value }))).toBe(expected);
  expect(hasPausedAnnotation(paused(value))).toBe(true);
});

test("paused-replicas holds the object whatever it says", () => {
  for (const value of ["0", "3", "x"]) expect(isPaused(replicas(value))).toBe(true);
  expect(isPaused(annotated({}))).toBe(false);
  expect(hasPausedAnnotation(annotated({}))).toBe(false);
});

test.each([
  ["3", { replicas: 3 }],
  ["0", { replicas: 0 }],
  ["x", { problem: 'strconv.ParseInt: parsing "x": invalid syntax' }],
  ["1.5", { problem: 'strconv.ParseInt: parsing "1.5": invalid syntax' }],
  ["3000000000", { problem: 'strconv.ParseInt: parsing "3000000000": value out of range' }],
])("paused-replicas %j is %o", (value, expected) => {
  expect(pausedReplicasOf(replicas(value))).toEqual(expected);
});

test("without the annotation there is no number", () => {
  expect(pausedReplicasOf(annotated({}))).toEqual({ replicas: undefined });
});
