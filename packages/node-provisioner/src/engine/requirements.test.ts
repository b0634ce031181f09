import { describe, expect, test } from "vitest";
import type { RequirementFields } from "./requirement.ts";
import {
  combined,
  formatRequirements,
  incompatibility,
  intersects,
  isCompatible,
  requirementsOf,
} from "./requirements.ts";
import { wellKnownLabels } from "./well-known-labels.ts";

const zone = "topology.kubernetes.io/zone";
const only = (key: string, operator: string, ...values: string[]) => requirementsOf([{ key, operator, values }]);
const nothing = requirementsOf([]);

describe("a node class of requirements and what a pod asks", () => {
  const asked: [string, RequirementFields["operator"], string[]][] = [
    ["nothing known", "In", ["a"]],
    ["nothing known", "NotIn", ["a"]],
    ["nothing known", "Exists", []],
    ["nothing known", "DoesNotExist", []],
  ];
  test.each(asked)("of a label that is not known: %s %s %s", (_, operator, values) => {
    const wants = only("team", operator, ...values);
    const absenceWillDo = operator === "NotIn" || operator === "DoesNotExist";
    expect(isCompatible(nothing, wants)).toBe(absenceWillDo);
    expect(isCompatible(nothing, only(zone, operator, ...values), wellKnownLabels)).toBe(true);
  });

  test.each([
    [only(zone, "In", "a", "b"), only(zone, "In", "b"), true],
    [only(zone, "In", "a"), only(zone, "In", "b"), false],
    [only(zone, "In", "a"), only(zone, "NotIn", "a"), false],
    [only(zone, "In", "a"), only(zone, "DoesNotExist"), false],
    [only(zone, "DoesNotExist"), only(zone, "NotIn", "a"), true],
    [only(zone, "DoesNotExist"), only(zone, "DoesNotExist"), true],
    [only(zone, "DoesNotExist"), only(zone, "In", "a"), false],
    [only("cpu", "Gt", "4"), only("cpu", "Lt", "6"), true],
    [only("cpu", "Gt", "4"), only("cpu", "Lt", "5"), false],
  ])("%#", (known, wants, expected) => {
    expect(isCompatible(known, wants)).toBe(expected);
    expect(intersects(known, wants)).toBe(expected);
    expect(incompatibility(known, wants) === undefined).toBe(expected);
  });
});

test("a conflict names the key and both sides", () => {
  const problem = incompatibility(only(zone, "In", "us-east-1a", "us-east-1b"), only(zone, "In", "us-east-1c"));
  expect(problem).toBe(`key ${zone}, ${zone} In [us-east-1c] not in ${zone} In [us-east-1a us-east-1b]`);
});

test.each([
  ["zone", `label "zone" does not have known values (typo of "${zone}"?)`],
  ["team", 'label "team" does not have known values'],
])("an unknown label %s is guessed", (label, message) => {
  expect(incompatibility(nothing, only(label, "In", "x"), new Set([zone]))).toBe(message);
});

test("combining changes nothing where nothing is added", () => {
  const known = only(zone, "In", "a");
  expect(combined(known, only(zone, "In", "a", "b"))).toBe(known);
  expect(formatRequirements(combined(known, only("team", "Exists")))).toBe(`team Exists, ${zone} In [a]`);
});
