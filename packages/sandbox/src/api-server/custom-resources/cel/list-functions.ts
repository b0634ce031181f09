import type { Environment } from "@marcbachmann/cel-js";

type Item = unknown;
type List = readonly Item[];

class SetsNamespace {}

/** Numbers compare across int and double; instants and durations by their value. */
function compare(a: Item, b: Item): number {
  const left = comparable(a);
  const right = comparable(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

const comparable = (value: Item) => (typeof value === "object" && value !== null ? value.valueOf() : value) as number;

function equal(a: Item, b: Item): boolean {
  if (typeof a === "bigint" && typeof b === "number") return Number(a) === b;
  if (typeof a === "number" && typeof b === "bigint") return a === Number(b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (typeof a === "object" && typeof b === "object" && a && b) {
    if (Object.getPrototypeOf(a) !== Object.prototype)
      return comparable(a) === comparable(b) || String(a) === String(b);
    const keys = Object.keys(a);
    const [left, right] = [a as Record<string, Item>, b as Record<string, Item>];
    return keys.length === Object.keys(b).length && keys.every((key) => key in right && equal(left[key], right[key]));
  }
  return a === b;
}

const has = (list: List, item: Item) => list.some((other) => equal(item, other));

function extreme(list: List, sign: 1 | -1, name: string): Item {
  if (list.length === 0) throw new Error(`${name} called on empty list`);
  return list.reduce((best, item) => (compare(item, best) * sign > 0 ? item : best));
}

function sum(list: List): Item {
  if (list.length === 0) return 0n;
  return list.reduce((total, item) => {
    if (typeof total === "bigint" && typeof item === "bigint") return total + item;
    if (typeof total === "number" && typeof item === "number") return total + item;
    return (total as { addDuration(other: Item): Item }).addDuration(item);
  });
}

const indexIn = (list: List, item: Item) => BigInt(list.findIndex((other) => equal(item, other)));

const flattened = (list: List, depth: number): Item[] =>
  list.flatMap((item) => (Array.isArray(item) && depth > 0 ? flattened(item, depth - 1) : [item]));

/** Kubernetes' list functions, cel-go's list extensions and its `sets`. */
export function registerListFunctions(env: Environment): void {
  env.registerFunction("list.isSorted(): bool", (list: List) =>
    list.every((item, i) => i === 0 || compare(list[i - 1], item) <= 0),
  );
  env.registerFunction("list.sum(): dyn", sum);
  env.registerFunction("list.min(): dyn", (list: List) => extreme(list, -1, "min"));
  env.registerFunction("list.max(): dyn", (list: List) => extreme(list, 1, "max"));
  env.registerFunction("list.indexOf(dyn): int", indexIn);
  env.registerFunction("list.lastIndexOf(dyn): int", (list: List, item: Item) =>
    BigInt(list.findLastIndex((other) => equal(item, other))),
  );
  env.registerFunction("list.distinct(): list<dyn>", (list: List) =>
    list.filter((item, i) => list.findIndex((other) => equal(item, other)) === i),
  );
  env.registerFunction("list.flatten(): list<dyn>", (list: List) => flattened(list, 1));
  env.registerFunction("list.flatten(int): list<dyn>", (list: List, depth: bigint) => flattened(list, Number(depth)));
  env.registerFunction("list.reverse(): list<dyn>", (list: List) => list.toReversed());
  env.registerFunction("list.sort(): list<dyn>", (list: List) => list.toSorted(compare));
  env.registerFunction("list.slice(int, int): list<dyn>", (list: List, from: bigint, to: bigint) => {
    if (from < 0n || to > list.length || from > to)
      throw new Error(`cannot slice(${from}, ${to}), list is length ${list.length}`);
    return list.slice(Number(from), Number(to));
  });

  env.registerType("SetsNamespace", SetsNamespace);
  env.registerConstant("sets", "SetsNamespace", new SetsNamespace());
  const contains = (a: List, b: List) => b.every((item) => has(a, item));
  env.registerFunction("SetsNamespace.contains(list, list): bool", (_: SetsNamespace, a: List, b: List) =>
    contains(a, b),
  );
  env.registerFunction("SetsNamespace.equivalent(list, list): bool", (_: SetsNamespace, a: List, b: List) => {
    return contains(a, b) && contains(b, a);
  });
  env.registerFunction("SetsNamespace.intersects(list, list): bool", (_: SetsNamespace, a: List, b: List) =>
    a.some((item) => has(b, item)),
  );
}
