import fc from "fast-check";
import { expect, test } from "vitest";
import { compileFormula, FormulaError } from "./index.ts";

const values = { a: 2, b: 3, zero: 0 };
const compute = (source: string) => compileFormula(source, ["a", "b", "zero", "gone"]).evaluate({ ...values });
const problem = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof FormulaError) return error.message;
    throw error;
  }
  return "no problem";
};

test.each([
  ["a + b", 5],
  ["a - b * 2", -4],
  ["(a - b) * 2", -2],
  ["7 / 2", 3.5],
  ["7 % 4", 3],
  ["-7 % 4", -3],
  ["2 ** 3 ** 2", 512],
  ["-2 ** 2", -4],
  ["2 ^ 3", 8],
  ["1_000 + 0x10 + 0b11 + 0o17", 1034],
  ["1.5e3 + .5", 1500.5],
  ["a > 1 ? 5 : 0", 5],
  ["float(a < 2 ? a + b >= 2 ? 5 : 10 : 0)", 0],
  ["a < 3 ? a + b >= 2 ? 5 : 10 : 0", 5],
  ["1 < a < 3 ? 1 : 0", 1],
  ["1 < a < 2 ? 1 : 0", 0],
  ["a == 2 and not (b != 3) ? 1 : 0", 1],
  ["a == 2 && b == 4 || zero == 0", true],
  ["zero ?: 3 == 3 ? 1 : 0", "(1:1)"],
  ["count([a, b], {# > 2}) > 0 ? 5 : 0", 5],
  ["count([a,b],{#>1}) > 1 ? 5 : 0", 5],
  ["count([true, false, true])", 2],
  ["sum([a, b, 5])", 10],
  ["sum([a, b], # * 2)", 10],
  ["max([a, b, 1]) - min(a, b)", 1],
  ["mean([a, b])", 2.5],
  ["median([5, a, b])", 3],
  ["median([a, b])", 2.5],
  ["abs(-2.5) + ceil(0.2) + floor(1.8) + round(2.5) + round(-2.5)", 2.5 + 1 + 1 + 3 - 3],
  ["int(3.9) % 2", 1],
  ["int(-3.9)", -3],
  ['float("1.5")', 1.5],
  ["len([a, b])", 2],
  ["len(filter([a, b, 9], # > 2))", 2],
  ["all([a, b], # > 1) ? 1 : 0", 1],
  ["none([a, b], # > 2) ? 1 : 0", 0],
  ["one([a, b], # > 2) ? 1 : 0", 1],
  ["any([a, b], {# > 2}) ? 1 : 0", 1],
  ["map([a, b], # * 2)[1]", 6],
  ["reduce([a, b], #acc + # * #index)", 5],
  ["[a, b][-1]", 3],
  ["sum([1, 2, 3, 4][1:3])", 5],
  ["sum(1..4)", 10],
  ["find([a, b], # > 9) ?? 7", 7],
  ["findIndex([a, b], # == 3)", 1],
  ["reduce([a, b, 4], #acc + #)", 9],
  ["reduce([a, b], #acc + #, 10)", 15],
  ["sort([b, a])[0]", 2],
  ['sort([a, b], "desc")[0]', 3],
  ["[a, b] | sum()", 5],
  ["a | max(7)", 7],
  ["a in [1, 2] ? 1 : 0", 1],
  ["a not in [1, 2] ? 1 : 0", 0],
  ["let x = a * 2; x + 1", 5],
  ["let x = a; let y = x + b; y", 5],
  ["if a > 1 { 4 } else if b > 1 { 5 } else { 6 }", 4],
  ["gone ?? a", 2],
  ["gone ?? gone", undefined],
  ["gone == nil ? 1 : 0", 1],
  ["a /* two */ + b // three", 5],
  ["1 / zero", Number.POSITIVE_INFINITY],
  ["concat([a], [b])[1] + first([a]) + last([b]) + len(reverse([1])) + len(uniq([1, 1])) + len(take([1, 2], 1))", 11],
] as const)("%s gives %s", (source, expected) => {
  if (typeof expected === "string") expect(problem(() => compute(source))).toContain(expected);
  else expect(compute(source)).toEqual(expected);
});

test.each([
  ["a + nope", "unknown name nope (1:5)\n | a + nope\n | ....^"],
  ["a +", "unexpected token EOF (1:3)\n | a +\n | ..^"],
  ["(a + b", "unexpected token EOF (1:6)\n | (a + b\n | .....^"],
  ["a b", 'unexpected token Identifier("b") (1:3)\n | a b\n | ..^'],
  ["a + + + )", 'unexpected token Bracket(")") (1:9)\n | a + + + )\n | ........^'],
  ['a + "x"', 'invalid operation: + (mismatched types float64 and string) (1:3)\n | a + "x"\n | ..^'],
  ["a % 2", "invalid operation: % (mismatched types float64 and int) (1:3)\n | a % 2\n | ..^"],
  ["!a", "invalid operation: ! (mismatched type float64) (1:1)\n | !a\n | ^"],
  ["a ? 1 : 2", "non-bool expression (type float64) used as condition (1:1)\n | a ? 1 : 2\n | ^"],
  ["a == true", "invalid operation: == (mismatched types float64 and bool) (1:3)\n | a == true\n | ..^"],
  ["count([a], # + 1)", "predicate should return boolean (got float64) (1:12)\n | count([a], # + 1)\n | ...........^"],
  ["map([a], #index)", "unknown pointer #index (1:10)"],
  ["sum(a)", "builtin sum takes only array (got float64) (1:5)\n | sum(a)\n | ....^"],
  ["a ?? b + 1", "Operator (+) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses. (1:8)"],
  ["abs(a, b)", "invalid number of arguments (expected 1, got 2) (1:1)"],
  ["abs(true)", "invalid argument for abs (type bool) (1:1)"],
  ["a\n+ nope", "unknown name nope (2:3)\n | + nope\n | ..^"],
  ["a @ b", "unrecognized character: U+0040 '@' (1:3)"],
  ["12ab", "bad number syntax"],
  ["constructor", "unknown name constructor (1:1)"],
  ["__proto__", "unknown name __proto__ (1:1)"],
  ["toString()", "unknown name toString (1:1)"],
  ["let a = 1; a", "cannot redeclare a (1:5)"],
  ["let max = 1; max", "cannot redeclare builtin max (1:5)"],
  ["1 # 2", 'unexpected token Operator("#") (1:3)'],
  ['"open', "literal not terminated"],
  ["1 /* open", "unclosed comment"],
  [`${"(".repeat(600)}1${")".repeat(600)}`, "compilation failed: nested deeper than 500"],
])("%s can't be compiled", (source, expected) => {
  expect(problem(() => compileFormula(source, ["a", "b"]))).toContain(expected);
});

test.each([
  ["gone + 1", "invalid operation: <nil> + float64 (1:6)\n | gone + 1\n | .....^"],
  ["float(gone)", "invalid operation: float(<nil>) (1:1)"],
  ["count([a, 1], # + 1)", "interface conversion: interface {} is float64, not bool (1:1)"],
  ["reduce([], #acc + #)", "reduce of empty array with no initial value (1:1)"],
  ["[a][3]", "index out of range: 3 (array length is 1) (1:4)"],
  ["int(a) % int(zero)", "runtime error: integer divide by zero (1:8)"],
  ["sum(1..10000000)", "memory budget exceeded"],
  ["sum(1..900, sum(1..900, sum(1..900)))", "memory budget exceeded"],
])("%s fails when it is computed", (source, expected) => {
  expect(problem(() => compute(source))).toContain(expected);
});

test("any text compiles or is refused with a FormulaError", () => {
  const parts = fc.constantFrom(
    "a",
    "b",
    "1",
    "2.5",
    "+",
    "-",
    "*",
    "/",
    "?",
    ":",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "#",
    ",",
  );
  const more = fc.constantFrom(
    " ",
    ">",
    "==",
    "??",
    "sum",
    "count",
    "let",
    "=",
    ";",
    "not",
    "in",
    "nil",
    '"',
    "..",
    "max",
    "|",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(parts, more), { maxLength: 20 }), (texts) => {
      problem(() => compute(texts.join("")));
    }),
    { numRuns: 2000 },
  );
});

test("sums and products are those of the language", () => {
  const number = fc.integer({ min: -1000, max: 1000 });
  fc.assert(
    fc.property(number, number, number, (a, b, zero) => {
      const formula = compileFormula("a * b + zero - (a - b) * 2", ["a", "b", "zero"]);
      expect(formula.evaluate({ a, b, zero })).toBe(a * b + zero - (a - b) * 2);
    }),
  );
});
