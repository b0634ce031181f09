import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Requirement, type RequirementFields } from "./requirement.ts";

const key = "key";
const of = (operator: string, ...values: string[]) => Requirement.of({ key, operator, values });
const exists = of("Exists");
const doesNotExist = of("DoesNotExist");
const inA = of("In", "A");
const inB = of("In", "B");
const inAB = of("In", "A", "B");
const notInA = of("NotIn", "A");
const in19 = of("In", "1", "9");
const notIn12 = of("NotIn", "1", "2");
const gt1 = of("Gt", "1");
const gt9 = of("Gt", "9");
const lt1 = of("Lt", "1");
const lt9 = of("Lt", "9");
const gte1 = of("Gte", "1");
const lte9 = of("Lte", "9");

describe("what meets both", () => {
  test.each([
    [exists, exists, "key Exists"],
    [exists, doesNotExist, "key DoesNotExist"],
    [exists, inA, "key In [A]"],
    [exists, notInA, "key NotIn [A]"],
    [exists, gt1, "key Exists >=2"],
    [inAB, inB, "key In [B]"],
    [inA, inB, "key DoesNotExist"],
    [inAB, notInA, "key In [B]"],
    [notInA, notIn12, "key NotIn [1 2 A]"],
    [in19, gt1, "key In [9]"],
    [in19, gte1, "key In [1 9]"],
    [inA, gt1, "key DoesNotExist"],
    [notIn12, gt1, "key NotIn [2] >=2"],
    [gt1, lt9, "key Exists >=2 <=8"],
    [gte1, lte9, "key Exists >=1 <=9"],
    [gt9, lt1, "key DoesNotExist"],
    [doesNotExist, inA, "key DoesNotExist"],
  ])("%s and %s are %s", (left, right, both) => {
    expect(String(left.intersection(right))).toBe(both);
    expect(String(right.intersection(left))).toBe(both);
  });
});

test.each([
  [exists, true, true, true],
  [doesNotExist, false, false, false],
  [inA, true, false, false],
  [notInA, false, true, true],
  [gt1, false, false, true],
  [lt9, false, true, false],
  [gte1, false, true, true],
  [lte9, false, true, true],
])("%s has A: %s, 1: %s, 9: %s", (requirement, a, one, nine) => {
  expect([requirement.has("A"), requirement.has("1"), requirement.has("9")]).toEqual([a, one, nine]);
});

test("bounds are written as two requirements", () => {
  expect(gt1.intersection(lt9).toFields()).toEqual([
    { key, operator: "Gte", values: ["2"] },
    { key, operator: "Lte", values: ["8"] },
  ]);
});

test("messages name five values at most", () => {
  expect(String(of("In", "a", "b", "c", "d", "e", "f", "g"))).toBe("key In [a b c d e and 2 others]");
});

test("older names of well-known labels stand for them", () => {
  expect(Requirement.of({ key: "beta.kubernetes.io/arch", operator: "Exists" }).key).toBe("kubernetes.io/arch");
});

const anyRequirement = fc
  .record({
    operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"),
    values: fc.uniqueArray(fc.constantFrom("0", "1", "2", "3", "4", "5", "x"), { minLength: 1, maxLength: 4 }),
  })
  .map(({ operator, values }): RequirementFields => {
    const isBound = ["Gt", "Lt", "Gte", "Lte"].includes(operator);
    const number = values.find((value) => value !== "x") ?? "0";
    return { key, operator, values: isBound ? [number] : values };
  });

test("a value meets both exactly when it meets each", () => {
  fc.assert(
    fc.property(anyRequirement, anyRequirement, fc.constantFrom("0", "1", "2", "3", "4", "5", "x"), (a, b, value) => {
      const [left, right] = [Requirement.of(a), Requirement.of(b)];
      expect(left.intersection(right).has(value)).toBe(left.has(value) && right.has(value));
    }),
  );
});

test("two requirements intersect exactly when their intersection is not empty", () => {
  fc.assert(
    fc.property(anyRequirement, anyRequirement, (a, b) => {
      const [left, right] = [Requirement.of(a), Requirement.of(b)];
      const both = left.intersection(right);
      expect(left.intersects(right)).toBe(both.complement || both.values.size > 0);
      expect(left.intersects(right)).toBe(right.intersects(left));
      expect(both.intersection(left)).toBe(both);
    }),
  );
});
