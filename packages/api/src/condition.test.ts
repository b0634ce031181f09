import { expect, test } from "vitest";
import { isConditionTrue, microTimestamp, removeCondition, setCondition, timestamp } from "./condition.ts";

const start = Date.parse("2026-01-01T00:00:00Z");
const later = start + 60_000;

interface Fields {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

test("the transition time moves only when the status does", () => {
  const none: Fields[] = [];
  const first = setCondition(none, { type: "Ready", status: "False", reason: "Starting" }, start);
  expect(first).toEqual([
    { type: "Ready", status: "False", reason: "Starting", lastTransitionTime: "2026-01-01T00:00:00Z" },
  ]);
  const reworded = setCondition(first, { type: "Ready", status: "False", reason: "StillStarting" }, later);
  expect(reworded[0]?.lastTransitionTime).toBe("2026-01-01T00:00:00Z");
  const ready = setCondition(reworded, { type: "Ready", status: "True", reason: "Started" }, later);
  expect(ready[0]?.lastTransitionTime).toBe("2026-01-01T00:01:00Z");
  expect(isConditionTrue(ready, "Ready")).toBe(true);
});

test("nothing new gives back the same list", () => {
  const none: Fields[] = [];
  const first = setCondition(none, { type: "Ready", status: "True", reason: "Started" }, start);
  expect(setCondition(first, { type: "Ready", status: "True", reason: "Started" }, later)).toBe(first);
  expect(removeCondition(first, "Other")).toBe(first);
  expect(removeCondition(first, "Ready")).toEqual([]);
});

test("instants are written as objects hold them", () => {
  expect(timestamp(start + 999)).toBe("2026-01-01T00:00:00Z");
  expect(microTimestamp(start + 7)).toBe("2026-01-01T00:00:00.007000Z");
});
