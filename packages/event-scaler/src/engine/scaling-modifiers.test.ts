import type { ScaledObject } from "@bellows/api";
import { expect, test } from "vitest";
import { compileModifiers, compositeValue, isCompositeActive, usesModifiers } from "./scaling-modifiers.ts";

type Spec = NonNullable<ScaledObject["spec"]>;
type Modifiers = NonNullable<NonNullable<Spec["advanced"]>["scalingModifiers"]>;

const anObject = (modifiers: Modifiers, more: Partial<Spec> = {}): ScaledObject => ({
  metadata: { name: "so", namespace: "default" },
  spec: {
    scaleTargetRef: { name: "web" },
    triggers: ["one", "two"].map((name) => ({ type: "prometheus", name, metadata: {} })),
    advanced: { scalingModifiers: modifiers },
    ...more,
  },
});

function computed(formula: string, values: Readonly<Record<string, number | undefined>>, more: Partial<Spec> = {}) {
  const object = anObject({ formula, target: "2" }, more);
  return compositeValue({ spec: object.spec, formula: compileModifiers(object), values });
}

const fallback = { failureThreshold: 1, replicas: 4, behavior: "scalingModifiers" } as const;

test.each([
  ["one + two", { one: 1, two: 2 }, 3],
  ["one < 5 ? two : 5", { one: 1, two: 2.5 }, 2.5],
  ["count([one,two],{#>1}) > 1 ? 5 : 0", { one: 2, two: 2 }, 5],
  ["float(float(two < 5 ? one + two : 5))", { one: 2, two: 2 }, 4],
  ["one / 3", { one: 1, two: 0 }, 0.333],
  ["one - 1", { one: 0.9996, two: 0 }, 0],
  ["one ?? two ?? 8", { one: undefined, two: 3 }, 3],
  ["one ?? two ?? 8", { one: undefined, two: undefined }, 8],
])("%s of %o is %d", (formula, values, expected) => {
  expect(computed(formula, values) + 0).toBe(expected);
});

test("a formula that gives nil stands for the replicas of the fallback", () => {
  const nothing = { one: undefined, two: undefined };
  expect(computed("one ?? two", nothing, { fallback })).toBe(8);
  expect(() => computed("one ?? two", nothing)).toThrow(
    "scalingModifiers formula evaluated to nil but no fallback is configured",
  );
});

test.each([
  ["one / two", { one: 1, two: 0 }, "formula returned Infinity, expected a finite number"],
  ["one / two", { one: 0, two: 0 }, "formula returned NaN, expected a finite number"],
  ["one + two", { one: undefined, two: 1 }, "error trying to run custom formula: invalid operation: <nil> + float64"],
])("%s of %o is refused", (formula, values, message) => {
  expect(() => computed(formula, values)).toThrow(message);
});

test.each([
  [{}, false],
  [{ formula: "" }, false],
  [{ formula: "one" }, true],
  [{ target: "1" }, true],
])("%o counts as modifiers: %s", (modifiers, expected) => {
  expect(usesModifiers(anObject(modifiers).spec)).toBe(expected);
});

test("a target that is Utilization is refused", () => {
  const object = anObject({ formula: "one", target: "2", metricType: "Utilization" as "Value" });
  expect(() => compileModifiers(object)).toThrow("error trigger type is Utilization");
});

test.each([
  [undefined, 0, false],
  [undefined, 0.001, true],
  ["", 1, true],
  ["5", 5, false],
  ["5.5", 5.6, true],
] as const)("with an activationTarget of %s, %d is active: %s", (activationTarget, value, active) => {
  expect(
    isCompositeActive(
      anObject({ formula: "one", ...(activationTarget !== undefined && { activationTarget }) }).spec,
      value,
    ),
  ).toBe(active);
});

test("an activationTarget that is no number is refused", () => {
  const object = anObject({ formula: "one", target: "2", activationTarget: "x" });
  expect(() => compileModifiers(object)).toThrow(
    'scalingModifiers.ActivationTarget parsing error strconv.ParseFloat: parsing "x": invalid syntax',
  );
});
