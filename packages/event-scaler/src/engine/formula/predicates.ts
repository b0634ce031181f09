import { isArray, typeTextOf, type Value, type ValueType } from "./value-type.ts";

/** What a predicate sees: `#`, and in reduce `#index` and `#acc` too. */
export type Test = (item: Value, index: number, accumulated?: Value) => Value;

/** A function over a list and a predicate. */
export interface PredicateFunction {
  /** The predicate has to give a boolean. */
  readonly asksBoolean: boolean;
  type(list: ValueType, predicate: ValueType): ValueType;
  compute(items: readonly Value[], test: Test, initial: Value): Value;
}

const quantifier = (compute: (items: readonly Value[], test: Test) => Value): PredicateFunction => ({
  asksBoolean: true,
  type: () => "bool",
  compute,
});
const elementOf = (list: ValueType): ValueType => (isArray(list) ? list.element : "unknown");

const holds = (test: Test) => (item: Value, index: number) => {
  const answer = test(item, index);
  if (typeof answer === "boolean") return answer;
  throw new Error(`interface conversion: interface {} is ${typeTextOf(answer)}, not bool`);
};

export const predicates: Readonly<Record<string, PredicateFunction>> = {
  all: quantifier((items, test) => items.every(holds(test))),
  none: quantifier((items, test) => !items.some(holds(test))),
  any: quantifier((items, test) => items.some(holds(test))),
  one: quantifier((items, test) => items.filter(holds(test)).length === 1),
  filter: {
    asksBoolean: true,
    type: (list) => ({ element: elementOf(list) }),
    compute: (items, test) => items.filter(holds(test)),
  },
  map: {
    asksBoolean: false,
    type: (_, predicate) => ({ element: predicate }),
    compute: (items, test) => items.map((item, index) => test(item, index)),
  },
  count: {
    asksBoolean: true,
    type: () => "int",
    compute: (items, test) => items.filter(holds(test)).length,
  },
  sum: {
    asksBoolean: false,
    type: (_, predicate) => (predicate === "int" || predicate === "float" ? predicate : "unknown"),
    compute: (items, test) =>
      items.reduce<number>((sum, item, index) => {
        const value = test(item, index);
        if (typeof value !== "number") throw new Error("invalid argument for sum: the list must hold numbers");
        return sum + value;
      }, 0),
  },
  find: {
    asksBoolean: true,
    // What is not found is nil, whatever the type says.
    type: elementOf,
    compute: (items, test) => items.find(holds(test)),
  },
  findIndex: indexFunction((items, test) => items.findIndex(holds(test))),
  findLast: {
    asksBoolean: true,
    type: elementOf,
    compute: (items, test) => items.findLast(holds(test)),
  },
  findLastIndex: indexFunction((items, test) => items.findLastIndex(holds(test))),
  reduce: {
    asksBoolean: false,
    type: () => "unknown",
    compute: (items, test, initial) => {
      if (items.length === 0 && initial === undefined) throw new Error("reduce of empty array with no initial value");
      const [first, ...rest] = initial === undefined ? items : [initial, ...items];
      const shift = initial === undefined ? 1 : 0;
      return rest.reduce<Value>((accumulated, item, index) => test(item, index + shift, accumulated), first);
    },
  },
};

function indexFunction(search: (items: readonly Value[], test: Test) => number): PredicateFunction {
  return {
    asksBoolean: true,
    type: () => "int",
    compute: (items, test) => {
      const index = search(items, test);
      return index === -1 ? undefined : index;
    },
  };
}
