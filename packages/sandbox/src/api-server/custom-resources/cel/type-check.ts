import type { StructuralSchema } from "@bellows/api";
import type { ASTNode } from "@marcbachmann/cel-js";
import { escapeName } from "./cel-value.ts";
import { CompileError, compileErrorAt, type Program } from "./rule.ts";

/** The schema of what an expression's part yields; undefined where it is not known, which allows anything. */
type Known = StructuralSchema | undefined;
type Scope = ReadonlyMap<string, Known>;

const macros: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "filter", "map"]);
const text: StructuralSchema = { type: "string" };

const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">=", "in"]);
const logical: ReadonlySet<string> = new Set(["||", "&&", "!_"]);
const boolean: StructuralSchema = { type: "boolean" };

/**
 * Finds the first fault that the API server's type checker would: a field that the schema does not have, values that
 * can't be compared, a result of the wrong type. What it can't follow it lets pass.
 */
export function findTypeFault(
  expression: string,
  { ast, type }: Program,
  variables: Scope,
  wanted: "boolean" | "string",
): CompileError | undefined {
  let fault: CompileError | undefined;

  function follow(node: ASTNode, scope: Scope): Known {
    switch (node.op) {
      case "id":
        return scope.get(node.args);
      case ".":
      case ".?":
        return select(node, follow(node.args[0], scope), node.args[1]);
      case "[]":
      case "[?]": {
        const collection = follow(node.args[0], scope);
        follow(node.args[1], scope);
        return elementOf(collection);
      }
      case "rcall":
        return followCall(node.args, scope);
      case "call":
        for (const argument of node.args[1]) follow(argument, scope);
        return undefined;
      case "?:": {
        const [condition, yes, no] = node.args;
        follow(condition, scope);
        const known = follow(yes, scope);
        follow(no, scope);
        return known;
      }
      case "value":
        return literalType(node.args);
      default: {
        const parts = [node.args].flat(2).filter(isNode);
        const known = parts.map((part) => follow(part, scope));
        if (ordered.has(node.op)) checkOperands(node.op, parts, known);
        return comparisons.has(node.op) || logical.has(node.op) ? boolean : undefined;
      }
    }
  }

  /** Only scalars whose types are both known are compared; `dyn` fits everything. */
  function checkOperands(operator: string, [left]: readonly ASTNode[], known: readonly Known[]) {
    const [a, b] = known.map(celType);
    if (!a || !b || !left || a === b || (numeric.has(a) && numeric.has(b))) return;
    if (!(operator === "==" || operator === "!=") || (a !== "null_type" && b !== "null_type")) {
      const position = expression.indexOf(operator, left.end);
      fault ??= compileErrorAt(
        expression,
        position,
        `found no matching overload for '_${operator}_' applied to '(${a}, ${b})'`,
      );
    }
  }

  function followCall([name, receiver, parameters]: [string, ASTNode, ASTNode[]], scope: Scope): Known {
    const collection = follow(receiver, scope);
    const [variable, ...rest] = parameters;
    if (!macros.has(name) || variable?.op !== "id" || rest.length === 0) {
      for (const parameter of parameters) follow(parameter, scope);
      return undefined;
    }
    const item = collection?.type === "object" ? text : collection?.items;
    const inner = new Map([...scope, [variable.args, item] as const]);
    for (const parameter of rest) follow(parameter, inner);
    if (name === "filter") return collection;
    return name === "map" ? undefined : boolean;
  }

  function select(node: ASTNode, parent: Known, name: unknown): Known {
    if (parent?.type !== "object" || typeof name !== "string") return undefined;
    const { properties = {}, additionalProperties } = parent;
    if (parent["x-kubernetes-preserve-unknown-fields"] || parent["x-kubernetes-embedded-resource"]) {
      return properties[name];
    }
    if (typeof additionalProperties === "object") return additionalProperties;
    const found = Object.keys(properties).find((property) => property === name || escapeName(property) === name);
    if (found === undefined) {
      // cel-go marks the dot of the selection.
      const dot = expression.lastIndexOf(".", node.end - name.length);
      fault ??= compileErrorAt(expression, dot < 0 ? node.start : dot, `undefined field '${name}'`);
      return undefined;
    }
    return properties[found];
  }

  const result = follow(ast, variables);
  if (fault) return fault;
  const actual = celType(result) ?? (type === "dyn" ? undefined : type);
  const expected = wanted === "boolean" ? "bool" : "string";
  if (actual === undefined || actual === expected) return undefined;
  return new CompileError(
    wanted === "boolean" ? "cel expression must evaluate to a bool" : "must evaluate to a string",
  );
}

const ordered: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
const numeric: ReadonlySet<string> = new Set(["int", "double", "uint"]);
const celTypes: Readonly<Record<string, string>> = {
  string: "string",
  integer: "int",
  number: "double",
  boolean: "bool",
};

/** The CEL type of a scalar; undefined for what is not one, or has a format with a type of its own. */
function celType(schema: Known): string | undefined {
  if (!schema?.type || schema.nullable || schema["x-kubernetes-int-or-string"]) return undefined;
  if (schema.format === "date-time" || schema.format === "date") return "timestamp";
  if (schema.format === "duration") return "duration";
  return schema.format === "byte" ? "bytes" : celTypes[schema.type];
}

function literalType(value: unknown): Known {
  if (typeof value === "string") return text;
  if (typeof value === "bigint") return { type: "integer" };
  if (typeof value === "number") return { type: "number" };
  return typeof value === "boolean" ? boolean : undefined;
}

function elementOf(collection: Known): Known {
  if (collection?.items) return collection.items;
  return typeof collection?.additionalProperties === "object" ? collection.additionalProperties : undefined;
}

const isNode = (value: unknown): value is ASTNode => typeof value === "object" && value !== null && "op" in value;

/** The schema of a whole object as its rules see it. */
export const resourceSchema = (schema: StructuralSchema): StructuralSchema => ({
  ...schema,
  type: "object",
  properties: {
    ...schema.properties,
    apiVersion: text,
    kind: text,
    metadata: { type: "object", properties: { name: text, generateName: text } },
  },
});
