import { errorAt, FormulaError } from "./formula-error.ts";
import { functions } from "./functions.ts";
import { binaryType, computeBinary } from "./operators.ts";
import { parseFormula, predicateFunctions } from "./parser.ts";
import { predicates } from "./predicates.ts";
import type { Node } from "./syntax.ts";
import {
  commonType,
  isArray,
  isNumber,
  mayBe,
  mayBeNumber,
  typeText,
  typeTextOf,
  type Value,
  type ValueType,
} from "./value-type.ts";

/** A formula of scalingModifiers, ready to be computed. */
export interface Formula {
  readonly source: string;
  /**
   * @param values  by the names of the triggers; `undefined` is nil
   * @returns what the formula gives: a number in one that was compiled for a ScaledObject, or undefined for nil
   * @throws FormulaError  says where
   */
  evaluate(values: Readonly<Record<string, number | undefined>>): unknown;
}

/**
 * Compiles a formula in the part of expr-lang 1.17 that is about numbers: types are checked, so that a misspelt name or
 * a comparison of a number with a text is found before anything is scaled by it.
 * @param variables  names that stand for floats
 */
export function compileFormula(source: string, variables: readonly string[]): Formula {
  const compiler = new Compiler(source, new Set(variables));
  const { compute } = compiler.compile(parseFormula(source));
  return {
    source,
    evaluate(values) {
      return compute({ values, locals: [], items: [], steps: 0 });
    },
  };
}

interface Compiled {
  readonly type: ValueType;
  readonly compute: (run: Run) => Value;
}

/** One evaluation. Only values that the caller hands in are read: there are no names of the host language. */
interface Run {
  readonly values: Readonly<Record<string, number | undefined>>;
  readonly locals: Value[];
  readonly items: { readonly item: Value; readonly index: number; readonly accumulated: Value }[];
  steps: number;
}

interface Predicate {
  readonly element: ValueType;
  readonly reduces: boolean;
}

/** Elements that all the lists and predicates of one evaluation may visit. */
const maxSteps = 1_000_000;

class Compiler {
  readonly #source: string;
  readonly #variables: ReadonlySet<string>;
  readonly #locals: { readonly name: string; readonly type: ValueType }[] = [];
  readonly #predicates: Predicate[] = [];

  constructor(source: string, variables: ReadonlySet<string>) {
    this.#source = source;
    this.#variables = variables;
  }

  compile(node: Node): Compiled {
    switch (node.kind) {
      case "number":
        return constant(node.integer ? "int" : "float", node.value);
      case "string":
        return constant("string", node.value);
      case "boolean":
        return constant("bool", node.value);
      case "nil":
        return constant("nil", undefined);
      case "name":
        return this.#name(node);
      case "pointer":
        return this.#pointer(node);
      case "unary":
        return this.#unary(node);
      case "binary":
        return this.#binary(node);
      case "conditional":
        return this.#conditional(node);
      case "array":
        return this.#array(node);
      case "element":
        return this.#element(node);
      case "slice":
        return this.#slice(node);
      case "call":
        return Object.hasOwn(predicateFunctions, node.name) ? this.#predicateCall(node) : this.#call(node);
      case "predicate":
        return this.compile(node.body);
      case "let":
        return this.#let(node);
      case "sequence":
        return this.#sequence(node);
    }
  }

  #error(at: number, message: string): FormulaError {
    return errorAt(this.#source, at, message);
  }

  /** Errors while computing get the place of the operation too. */
  #guarded(at: number, compute: (run: Run) => Value): (run: Run) => Value {
    return (run) => {
      try {
        return compute(run);
      } catch (error) {
        throw error instanceof FormulaError ? error : this.#error(at, (error as Error).message);
      }
    };
  }

  #name({ name, at }: NodeOf<"name">): Compiled {
    const local = this.#locals.findLastIndex((one) => one.name === name);
    if (local !== -1) {
      const { type } = this.#locals[local] as { readonly type: ValueType };
      return { type, compute: (run) => run.locals[local] };
    }
    if (!this.#variables.has(name)) throw this.#error(at, `unknown name ${name}`);
    return { type: "float", compute: (run) => (Object.hasOwn(run.values, name) ? run.values[name] : undefined) };
  }

  #pointer({ name, at }: NodeOf<"pointer">): Compiled {
    const predicate = this.#predicates.at(-1);
    if (!predicate) throw this.#error(at, "cannot use pointer accessor outside predicate");
    if (name === "") return { type: predicate.element, compute: ({ items }) => items.at(-1)?.item };
    if (name === "index" && predicate.reduces) return { type: "int", compute: ({ items }) => items.at(-1)?.index };
    if (name === "acc" && predicate.reduces) {
      return { type: "unknown", compute: ({ items }) => items.at(-1)?.accumulated };
    }
    throw this.#error(at, `unknown pointer #${name}`);
  }

  #unary({ operator, node, at }: NodeOf<"unary">): Compiled {
    const { type, compute } = this.compile(node);
    const negates = operator === "not" || operator === "!";
    if (negates ? !mayBe(type, "bool") : !mayBeNumber(type)) {
      throw this.#error(at, `invalid operation: ${operator} (mismatched type ${typeText(type)})`);
    }
    return {
      type: negates ? "bool" : type,
      compute: this.#guarded(at, (run) => {
        const value = compute(run);
        if (negates && typeof value === "boolean") return !value;
        if (!negates && typeof value === "number") return operator === "-" ? -value : value;
        throw new Error(`invalid operation: ${operator} ${typeTextOf(value)}`);
      }),
    };
  }

  #binary({ operator, left, right, at }: NodeOf<"binary">): Compiled {
    const first = this.compile(left);
    const second = this.compile(right);
    if (operator === "??") return coalesced(first, second);
    const type = binaryType(operator, first.type, second.type);
    if (type === undefined) {
      const types = `${typeText(first.type)} and ${typeText(second.type)}`;
      throw this.#error(at, `invalid operation: ${operator} (mismatched types ${types})`);
    }
    if (operator === "and" || operator === "&&")
      return { type, compute: (run) => first.compute(run) && second.compute(run) };
    if (operator === "or" || operator === "||")
      return { type, compute: (run) => first.compute(run) || second.compute(run) };
    if (operator === "..") {
      return { type, compute: this.#guarded(at, (run) => range(run, first.compute(run), second.compute(run))) };
    }
    return {
      type,
      compute: this.#guarded(at, (run) => computeBinary(operator, first.compute(run), second.compute(run))),
    };
  }

  #conditional({ condition, yes, no }: NodeOf<"conditional">): Compiled {
    const test = this.compile(condition);
    if (!mayBe(test.type, "bool")) {
      throw this.#error(condition.at, `non-bool expression (type ${typeText(test.type)}) used as condition`);
    }
    const chosen = this.compile(yes);
    const other = this.compile(no);
    return {
      type: commonType(chosen.type, other.type),
      compute: this.#guarded(condition.at, (run) => {
        const value = test.compute(run);
        if (typeof value !== "boolean") throw new Error(`non-bool value (type ${typeTextOf(value)}) used as condition`);
        return value ? chosen.compute(run) : other.compute(run);
      }),
    };
  }

  #array({ items }: NodeOf<"array">): Compiled {
    const compiled = items.map((item) => this.compile(item));
    const [first, ...rest] = compiled;
    const element = first ? rest.reduce((type, next) => commonType(type, next.type), first.type) : "unknown";
    return { type: { element }, compute: (run) => compiled.map(({ compute }) => compute(run)) };
  }

  #element({ node, index, at }: NodeOf<"element">): Compiled {
    const list = this.compile(node);
    const place = this.compile(index);
    if (!isArray(list.type) && list.type !== "unknown") {
      throw this.#error(at, `type ${typeText(list.type)}[${typeText(place.type)}] is undefined`);
    }
    if (!mayBe(place.type, "int")) {
      const got = typeText(place.type);
      throw this.#error(index.at, `array elements can only be selected using an integer (got ${got})`);
    }
    return {
      type: isArray(list.type) ? list.type.element : "unknown",
      compute: this.#guarded(at, (run) => {
        const items = list.compute(run);
        const asked = place.compute(run);
        if (!Array.isArray(items) || typeof asked !== "number") {
          throw new Error(`cannot fetch ${String(asked)} from ${typeTextOf(items)}`);
        }
        const position = asked < 0 ? items.length + asked : asked;
        if (position < 0 || position >= items.length) {
          throw new Error(`index out of range: ${asked} (array length is ${items.length})`);
        }
        return items[position];
      }),
    };
  }

  #slice({ node, from, to, at }: NodeOf<"slice">): Compiled {
    const list = this.compile(node);
    if (!isArray(list.type) && list.type !== "unknown") {
      throw this.#error(at, `cannot slice ${typeText(list.type)}`);
    }
    const bounds = [from, to].map((bound) => {
      const compiled = bound && this.compile(bound);
      if (compiled && !mayBe(compiled.type, "int")) {
        throw this.#error(bound.at, `non-integer slice index ${typeText(compiled.type)}`);
      }
      return compiled;
    });
    return {
      type: list.type,
      compute: this.#guarded(at, (run) => {
        const items = list.compute(run);
        if (!Array.isArray(items)) throw new Error(`cannot slice ${typeTextOf(items)}`);
        const [start, end] = bounds.map((bound) => bound?.compute(run) as number | undefined);
        return items.slice(start, end);
      }),
    };
  }

  #call({ name, args, at }: NodeOf<"call">): Compiled {
    const called = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (!called) throw this.#error(at, `unknown name ${name}`);
    const compiled = args.map((arg) => this.compile(arg));
    let type: ValueType;
    try {
      type = called.type(compiled.map((one) => one.type));
    } catch (error) {
      throw this.#error(at, (error as Error).message);
    }
    return {
      type,
      compute: this.#guarded(at, (run) => called.compute(compiled.map(({ compute }) => compute(run)))),
    };
  }

  #predicateCall({ name, args, at }: NodeOf<"call">): Compiled {
    const called = predicates[name] as (typeof predicates)[string];
    const [listNode, testNode, initialNode] = args as [Node, Node | undefined, Node | undefined];
    const list = this.compile(listNode);
    if (!isArray(list.type) && list.type !== "unknown") {
      throw this.#error(listNode.at, `builtin ${name} takes only array (got ${typeText(list.type)})`);
    }
    const element = isArray(list.type) ? list.type.element : "unknown";
    this.#predicates.push({ element, reduces: name === "reduce" });
    const test: Compiled = testNode
      ? this.compile(testNode)
      : { type: element, compute: ({ items }) => items.at(-1)?.item };
    this.#predicates.pop();
    if (called.asksBoolean && !mayBe(test.type, "bool")) {
      throw this.#error(testNode?.at ?? at, `predicate should return boolean (got ${typeText(test.type)})`);
    }
    const initial = initialNode && this.compile(initialNode);
    return {
      type: called.type(list.type, test.type),
      compute: this.#guarded(at, (run) => {
        const items = list.compute(run);
        if (!Array.isArray(items)) throw new Error(`builtin ${name} takes only array (got ${typeTextOf(items)})`);
        const visit = (item: Value, index: number, accumulated?: Value): Value => {
          step(run, 1);
          run.items.push({ item, index, accumulated });
          try {
            return test.compute(run);
          } finally {
            run.items.pop();
          }
        };
        return called.compute(items, visit, initial?.compute(run));
      }),
    };
  }

  #let({ name, value, body, at }: NodeOf<"let">): Compiled {
    if (this.#variables.has(name) || this.#locals.some((one) => one.name === name)) {
      throw this.#error(at, `cannot redeclare ${this.#variables.has(name) ? "" : "variable "}${name}`);
    }
    if (Object.hasOwn(functions, name) || Object.hasOwn(predicateFunctions, name)) {
      throw this.#error(at, `cannot redeclare builtin ${name}`);
    }
    const given = this.compile(value);
    const slot = this.#locals.length;
    this.#locals.push({ name, type: given.type });
    const { type, compute } = this.compile(body);
    this.#locals.pop();
    return {
      type,
      compute: (run) => {
        run.locals[slot] = given.compute(run);
        return compute(run);
      },
    };
  }

  #sequence({ nodes }: NodeOf<"sequence">): Compiled {
    const compiled = nodes.map((node) => this.compile(node));
    const { type } = compiled.at(-1) as Compiled;
    return {
      type,
      compute: (run) => compiled.reduce<Value>((_, { compute }) => compute(run), undefined),
    };
  }
}

type NodeOf<Kind extends Node["kind"]> = Extract<Node, { readonly kind: Kind }>;

const constant = (type: ValueType, value: Value): Compiled => ({ type, compute: () => value });

function coalesced(first: Compiled, second: Compiled): Compiled {
  let type: ValueType = first.type;
  if (first.type === "nil") type = second.type;
  else if (second.type !== "nil" && !(isNumber(first.type) && isNumber(second.type))) {
    type = commonType(first.type, second.type);
  }
  return { type, compute: (run) => first.compute(run) ?? second.compute(run) };
}

function range(run: Run, from: Value, to: Value): Value {
  if (typeof from !== "number" || typeof to !== "number") {
    throw new Error(`invalid operation: ${typeTextOf(from)} .. ${typeTextOf(to)}`);
  }
  const length = Math.max(to - from + 1, 0);
  step(run, length);
  return Array.from({ length }, (_, index) => from + index);
}

function step(run: Run, count: number): void {
  run.steps += count;
  if (run.steps > maxSteps) throw new Error("memory budget exceeded");
}
