import { isObject } from "../json-value.ts";
import type { SchemaView } from "../schema-view.ts";
import { elementOf, PathElementError, printPath, structureOf } from "./path-element.ts";

/**
 * What keeps an applied configuration from being read by its schema: `.spec.replicsa: field not declared in schema`.
 * Several problems are one text, as structured-merge-diff prints them.
 */
export function typedProblem(view: SchemaView, value: unknown): string | undefined {
  const problems: string[] = [];
  walk(view, value, [], problems);
  if (problems.length <= 1) return problems[0];
  return `errors:\n${problems.map((problem) => `  ${problem}`).join("\n")}`;
}

function walk(view: SchemaView | undefined, value: unknown, path: readonly string[], problems: string[]): void {
  if (value === null || value === undefined || !view) return;
  const report = (problem: string, at = path) => problems.push(`${printPath(at)}: ${problem}`);
  switch (view.shape) {
    case "any":
      return;
    case "scalar": {
      const problem = scalarProblem(view, value);
      if (problem) report(problem);
      return;
    }
    case "list":
      if (!Array.isArray(value)) report(`expected list, got &{${String(value)}}`);
      else walkList(view, value, path, problems);
      return;
    case "map":
    case "object":
      if (!isObject(value)) {
        report(`expected map, got &{${String(value)}}`);
        return;
      }
      for (const key in value) {
        const field = view.field(key);
        if (field) walk(field, value[key], [...path, `f:${key}`], problems);
        else if (!view.preservesUnknown) {
          // Nothing more is looked at in this map.
          report("field not declared in schema", [...path, `f:${key}`]);
          return;
        }
      }
  }
}

function walkList(view: SchemaView, list: readonly unknown[], path: readonly string[], problems: string[]): void {
  const structure = structureOf(view, list);
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    let element = `i:${index}`;
    if (structure !== "atomic") {
      try {
        element = elementOf(view, item, structure);
      } catch (error) {
        if (!(error instanceof PathElementError)) throw error;
        problems.push(`${printPath(path)}: element ${index}: ${error.message}`);
        return;
      }
      if (seen.has(element)) problems.push(`${printPath(path)}: duplicate entries for key ${printPath([element])}`);
      seen.add(element);
    }
    walk(view.items(), item, [...path, element], problems);
  }
}

function scalarProblem(view: SchemaView, value: unknown): string | undefined {
  const got = Array.isArray(value) ? "list" : isObject(value) ? "map" : typeof value;
  switch (view.scalar) {
    case "boolean":
      return typeof value === "boolean"
        ? undefined
        : `expected boolean, got ${isObject(value) || Array.isArray(value) ? got : `&{${String(value)}}`}`;
    case "int32":
    case "int64":
    case "number":
      return typeof value === "number" ? undefined : `expected numeric (int or float), got ${got}`;
    case "quantity":
    case "int-or-string":
      return isObject(value) || Array.isArray(value) ? `expected scalar, got ${got}` : undefined;
    default:
      return typeof value === "string"
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${String(value)}}`;
  }
}
