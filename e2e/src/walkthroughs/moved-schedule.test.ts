import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { moveSchedule } from "./moved-schedule.ts";

const example = (file: string) => readFileSync(join(import.meta.dirname, "../../../examples", file), "utf8");
const now = Date.parse("2026-01-01T10:58:20Z");

test("an hourly window is moved to the next minute that leaves time before it", () => {
  const moved = moveSchedule(example("teams/over-provisioning/scale.yaml"), now);
  expect(moved).toContain("start: 0 * * * *\n");
  expect(moved).toContain("end: 3 * * * *\n");
  expect(moved).toContain("\nspec:\n  cooldownPeriod: 30\n");
});

test("manifests without a schedule stay as they are", () => {
  const text = example("hpa/manifests/php-apache.yaml");
  expect(moveSchedule(text, now)).toBe(text);
});
