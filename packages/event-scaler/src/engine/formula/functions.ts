import {
  areEqual,
  commonType,
  isArray,
  isNumber,
  typeText,
  typeTextOf,
  type Value,
  type ValueType,
} from "./value-type.ts";

/** A function of the formula language that takes values only. Both parts throw an Error with what is wrong. */
export interface FormulaFunction {
  type(args: readonly ValueType[]): ValueType;
  compute(args: readonly Value[]): Value;
}

function one(args: readonly ValueType[]): ValueType {
  if (args.length !== 1) throw new Error(`invalid number of arguments (expected 1, got ${args.length})`);
  return args[0] as ValueType;
}

const numeric = (
  name: string,
  result: (type: ValueType) => ValueType,
  compute: (value: number) => number,
): FormulaFunction => ({
  type(args) {
    const type = one(args);
    if (!isNumber(type) && type !== "unknown") throw new Error(`invalid argument for ${name} (type ${typeText(type)})`);
    return result(type);
  },
  compute: ([value]) => {
    if (typeof value !== "number") throw new Error(`invalid argument for ${name} (type ${typeTextOf(value)})`);
    return compute(value);
  },
});

/** As Go rounds: halves away from zero. */
const round = (value: number) => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

const conversion = (name: "int" | "float", convert: (value: number) => number): FormulaFunction => ({
  type(args) {
    const type = one(args);
    if (!isNumber(type) && type !== "unknown" && type !== "string") {
      throw new Error(`invalid argument for ${name} (type ${typeText(type)})`);
    }
    return name;
  },
  compute: ([value]) => {
    if (typeof value === "number") return convert(value);
    const text = name === "int" ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
    if (typeof value === "string" && text.test(value)) return Number(value);
    throw new Error(`invalid operation: ${name}(${typeof value === "string" ? value : typeTextOf(value)})`);
  },
});

/** The numbers among arguments that are numbers or lists of them. */
function numbersOf(name: string, args: readonly Value[]): number[] {
  return args.flatMap((value) => {
    if (Array.isArray(value)) return numbersOf(name, value);
    if (typeof value !== "number") throw new Error(`invalid argument for ${name} (type ${typeTextOf(value)})`);
    return [value];
  });
}

const elementsType = (type: ValueType): ValueType => (isArray(type) ? elementsType(type.element) : type);

const aggregate = (
  name: string,
  result: "same" | "float",
  compute: (numbers: readonly number[]) => Value,
): FormulaFunction => ({
  type(args) {
    if (args.length === 0) throw new Error(`not enough arguments to call ${name}`);
    for (const type of args.map(elementsType)) {
      if (!isNumber(type) && type !== "unknown")
        throw new Error(`invalid argument for ${name} (type ${typeText(type)})`);
    }
    return result === "float" ? "float" : args.map(elementsType).reduce(commonType);
  },
  compute: (args) => compute(numbersOf(name, args)),
});

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return 0;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

const list = (
  name: string,
  result: (type: ValueType) => ValueType,
  compute: (items: readonly Value[], rest: readonly Value[]) => Value,
  counts: readonly [least: number, most: number] = [1, 1],
): FormulaFunction => ({
  type(args) {
    const [least, most] = counts;
    if (args.length < least || args.length > most) {
      const expected = least === most ? `${least}` : `${least} or ${most}`;
      throw new Error(`invalid number of arguments (expected ${expected}, got ${args.length})`);
    }
    const [type] = args as [ValueType];
    if (!isArray(type) && type !== "unknown") throw new Error(`cannot ${name} ${typeText(type)}`);
    return result(type);
  },
  compute: ([items, ...rest]) => {
    if (!Array.isArray(items)) throw new Error(`cannot ${name} ${typeTextOf(items)}`);
    return compute(items, rest);
  },
});

const element = (type: ValueType): ValueType => (isArray(type) ? type.element : "unknown");
const same = (type: ValueType): ValueType => type;

function sorted(items: readonly Value[], [order = "asc"]: readonly Value[]): Value {
  if (order !== "asc" && order !== "desc") throw new Error(`invalid order ${String(order)}, expected asc or desc`);
  const sign = order === "asc" ? 1 : -1;
  return numbersOf("sort", items).sort((left, right) => sign * (left - right));
}

const flattened = (items: readonly Value[]): Value[] =>
  items.flatMap((item) => (Array.isArray(item) ? flattened(item) : [item]));

/** The functions of expr-lang that make sense over numbers; those over texts, dates, maps and JSON are left out. */
export const functions: Readonly<Record<string, FormulaFunction>> = {
  abs: numeric("abs", same, Math.abs),
  ceil: numeric("ceil", () => "float", Math.ceil),
  floor: numeric("floor", () => "float", Math.floor),
  round: numeric("round", () => "float", round),
  int: conversion("int", Math.trunc),
  float: conversion("float", (value) => value),
  // Loops, not spread: a list may be longer than a call can have arguments.
  max: aggregate("max", "same", (numbers) => numbers.reduce((left, right) => Math.max(left, right))),
  min: aggregate("min", "same", (numbers) => numbers.reduce((left, right) => Math.min(left, right))),
  mean: aggregate("mean", "float", (numbers) =>
    numbers.length === 0 ? 0 : numbers.reduce((sum, next) => sum + next, 0) / numbers.length,
  ),
  median: aggregate("median", "float", median),
  len: {
    type(args) {
      const type = one(args);
      if (isArray(type) || type === "string" || type === "unknown") return "int";
      throw new Error(`invalid argument for len (type ${typeText(type)})`);
    },
    compute: ([value]) => {
      if (Array.isArray(value)) return value.length;
      if (typeof value === "string") return [...value].length;
      throw new Error(`invalid argument for len (type ${typeTextOf(value)})`);
    },
  },
  first: list("get first element from", element, (items) => items[0]),
  last: list("get last element from", element, (items) => items.at(-1)),
  take: list("take from", same, (items, [count]) => items.slice(0, Number(count)), [2, 2]),
  reverse: list("reverse", same, (items) => items.toReversed()),
  sort: list("sort", same, sorted, [1, 2]),
  uniq: list("uniq", same, (items) =>
    items.filter((item, index) => items.findIndex((other) => areEqual(item, other)) === index),
  ),
  flatten: list("flatten", (type) => ({ element: elementsType(type) }), flattened),
  concat: {
    type(args) {
      if (args.length === 0) throw new Error("invalid number of arguments (expected at least 1, got 0)");
      for (const type of args) {
        if (!isArray(type) && type !== "unknown") throw new Error(`cannot concat ${typeText(type)}`);
      }
      return args.reduce(commonType);
    },
    compute: (args) =>
      args.flatMap((value) => {
        if (!Array.isArray(value)) throw new Error(`cannot concat ${typeTextOf(value)}`);
        return value;
      }),
  },
};
