import type { JsonObject } from "../json-value.ts";
import type { SchemaView } from "../schema-view.ts";
import { nullFields, pointerFields, quantityFields, unwrittenFields } from "./go-fields.generated.ts";

/** How Go prints a struct: which fields it always writes, and which zero values it leaves out. */
export interface TypedPlan {
  /** Fields that are written even when unset, with what is written. */
  readonly written: readonly (readonly [name: string, zero: unknown])[];
  /** Fields whose zero value (`""`, `0`, `false`, `[]`, `{}`) is a value of its own. */
  readonly keepsZero: ReadonlySet<string>;
}

/** Lists that upstream leaves out when empty, but whose emptiness its defaults and rules see before that. */
const meaningfulWhenEmpty: Readonly<Record<string, readonly string[]>> = {
  "io.k8s.api.autoscaling.v2.HPAScalingRules": ["policies"],
};

const plans = new WeakMap<SchemaView, TypedPlan | undefined>();

/** The plan of a built-in struct; undefined for schemas written in place, such as those of custom resources. */
export function typedPlan(view: SchemaView): TypedPlan | undefined {
  const { base } = view;
  const { definition, schema } = base;
  if (!definition || !schema.properties) return undefined;
  if (plans.has(base)) return plans.get(base);
  const written: [string, unknown][] = [];
  const keepsZero = new Set([
    ...(pointerFields[definition] ?? []),
    ...(nullFields[definition] ?? []),
    ...(meaningfulWhenEmpty[definition] ?? []),
  ]);
  for (const [name, property] of Object.entries(schema.properties)) {
    const zero = writtenZero(base.field(name) as SchemaView, property.default);
    if (zero === undefined || unwrittenFields[definition]?.includes(name)) continue;
    written.push([name, zero]);
    keepsZero.add(name);
  }
  for (const name of quantityFields[definition] ?? []) if (!keepsZero.has(name)) written.push([name, "0"]);
  const plan = { written, keepsZero };
  plans.set(base, plan);
  return plan;
}

/** What an object without any field set is printed as; shared, so never to be changed. */
export function emptyObject(view: SchemaView): JsonObject {
  const plan = typedPlan(view);
  return plan ? Object.freeze(Object.fromEntries(plan.written)) : {};
}

/**
 * The same with the lists and maps that Go prints as null. What was null before counts as changed when it is set, what
 * was absent counts as added.
 */
export function emptyObjectWithNulls(view: SchemaView): JsonObject {
  const result: JsonObject = {};
  for (const [name, zero] of typedPlan(view)?.written ?? []) {
    const field = view.field(name) as SchemaView;
    result[name] = field.shape === "object" ? emptyObjectWithNulls(field) : zero;
  }
  for (const name of nullFields[view.base.definition ?? ""] ?? []) result[name] = null;
  return result;
}

/** A default of `{}` or of a zero value says that the field is always written; any other default is one. */
function writtenZero(view: SchemaView, value: unknown): unknown {
  if (value === undefined) return undefined;
  if (view.shape === "object") return emptyObject(view);
  if (view.shape === "scalar" && view.scalar === "quantity") return "0";
  return value === "" || value === 0 || value === false ? value : undefined;
}

/** A zero value of a field that Go would leave out. */
export function isOmittedZero(view: SchemaView, value: unknown): boolean {
  switch (view.shape) {
    case "scalar":
      return value === "" || value === false || (value === 0 && view.scalar !== "int-or-string");
    case "list":
      return Array.isArray(value) && value.length === 0;
    case "map":
      for (const _ in value as object) return false;
      return true;
    default:
      return false;
  }
}
