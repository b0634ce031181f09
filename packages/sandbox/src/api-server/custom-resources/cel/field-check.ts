import type { StructuralSchema } from "@bellows/api";
import type { ASTNode } from "@marcbachmann/cel-js";
import { escapeName } from "./cel-value.ts";
import { type CompileError, compileErrorAt } from "./rule.ts";

/** The schema of what an expression's part yields; undefined where it is not known, which allows anything. */
type Known = StructuralSchema | undefined;
type Scope = ReadonlyMap<string, Known>;

const macros: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "filter", "map"]);
const text: StructuralSchema = { type: "string" };

/**
 * Finds the first field that an expression selects and its schema does not have, as the API server's type checker
 * does (`undefined field 'x'`). What it can't follow it lets pass.
 */
export function findUndefinedField(expression: string, ast: ASTNode, variables: Scope): CompileError | undefined {
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
        return undefined;
      default:
        for (const part of [node.args].flat(2)) if (isNode(part)) follow(part, scope);
        return undefined;
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
    return name === "filter" ? collection : undefined;
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

  follow(ast, variables);
  return fault;
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
