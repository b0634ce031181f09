import type { RepeatedField } from "../api-request.ts";
import { embeddedStructs } from "../go-types/go-fields.generated.ts";
import { goTypeName } from "../go-types/go-type-name.ts";
import { isOmittedZero, typedPlan } from "../go-types/typed-plan.ts";
import { isObject, type JsonObject } from "../json-value.ts";
import type { SchemaView } from "../schema-view.ts";
import { badRequest } from "../status-error.ts";
import { DecodeFailure } from "./decode-failure.ts";
import { decodeScalar, jsonType, TypeMismatch } from "./scalar.ts";

/** `fieldValidation` of a request. */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

export interface DecodeOptions {
  mode: FieldValidation;
  /** The kind that the resource takes. */
  kind: string;
  /** The version in messages; the body's own when not given. */
  version?: string;
  /** Fields that stood twice in the text; an object has lost them already. */
  duplicates?: readonly RepeatedField[];
}

/** More strict errors than this are not collected, as upstream. */
const maxStrictErrors = 100;

/**
 * Reads an object by its schema as Go's decoder does: refuses values of the wrong type, drops unknown fields and nulls,
 * and rewrites quantities, times and base64 to their canonical form. Built-in structs come out as Go prints them: unset
 * `resources` is `{}`, a `nodeName` of `""` is gone. Returns `body` itself when nothing had to change.
 * @throws StatusError 400 in the API server's words: at the first wrong type, and in Strict mode for any unknown or
 *   duplicate field
 */
export function decodeObject<T = JsonObject>(
  schema: SchemaView,
  body: unknown,
  options: DecodeOptions,
): { object: T; warnings: string[] } {
  const refuse = (why: string) => {
    const version = options.version ?? versionOf(body);
    return badRequest(
      `${kindOf(body) ?? options.kind} in version "${version}" cannot be handled as a ${options.kind}: ${why}`,
    );
  };
  let decoded: Decoded;
  try {
    decoded = decodeValue(schema, body);
  } catch (error) {
    if (error instanceof DecodeFailure) throw refuse(error.message);
    throw error;
  }
  if (options.mode === "Ignore") return { object: decoded.value as T, warnings: [] };
  const problems = [
    ...(options.duplicates ?? []).map(({ refusal, warning }) => (options.mode === "Strict" ? refusal : warning)),
    ...decoded.unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
  ].slice(0, maxStrictErrors);
  if (options.mode === "Strict" && problems.length) throw refuse(`strict decoding error: ${problems.join(", ")}`);
  return { object: decoded.value as T, warnings: problems };
}

export interface Decoded {
  value: unknown;
  /** Paths of unknown fields: `spec.template.spec.containers[0].imagee`. */
  unknown: string[];
}

/**
 * The same without a request around it.
 * @throws DecodeFailure
 */
export function decodeValue(schema: SchemaView, body: unknown): Decoded {
  const walk = new Walk();
  const value = walk.value(schema, body, "");
  if (walk.mismatch) throw new DecodeFailure(walk.mismatch);
  return { value, unknown: walk.unknown };
}

class Walk {
  readonly unknown: string[] = [];
  /** The first wrong type; later ones are not reported. A {@link DecodeFailure} beats it, as it does in Go. */
  mismatch: string | undefined;
  private readonly fields: string[] = [];
  private struct: string | undefined;
  private structDefinition: string | undefined;

  value(view: SchemaView, value: unknown, path: string): unknown {
    switch (view.shape) {
      case "any":
        return value;
      case "scalar":
        return this.scalar(view, value);
      case "list":
        return this.list(view, value, path);
      case "map":
        return this.map(view, value, path);
      case "object":
        return this.object(view, value, path);
    }
  }

  private scalar(view: SchemaView, value: unknown): unknown {
    const result = decodeScalar(view.scalar, value);
    if (!(result instanceof TypeMismatch)) return result;
    this.report(result.value, this.goType(view) ?? result.type);
    return undefined;
  }

  private object(view: SchemaView, value: unknown, path: string): unknown {
    if (!isObject(value)) {
      this.report(jsonType(value), this.goType(view) ?? "struct");
      return undefined;
    }
    const { struct, structDefinition } = this;
    const preserves = view.preservesUnknown;
    const plan = typedPlan(view);
    let result: JsonObject | undefined;
    for (const key in value) {
      const field = view.field(key);
      const before = value[key];
      let after = before;
      if (!field) {
        if (preserves) continue;
        this.unknown.push(path ? `${path}.${key}` : key);
        after = undefined;
      } else if (before === null) {
        after = undefined;
      } else if (before !== undefined) {
        this.struct = view.typeName;
        this.structDefinition = view.definition;
        const depth = this.fields.length;
        const embedded = view.definition && embeddedStructs[view.definition]?.[key];
        if (embedded) this.fields.push(embedded);
        this.fields.push(key);
        after = this.value(field, before, path ? `${path}.${key}` : key);
        this.fields.length = depth;
        if (plan && isOmittedZero(field, after) && !plan.keepsZero.has(key)) after = undefined;
      }
      if (after === before) continue;
      result ??= { ...value };
      if (after === undefined) delete result[key];
      else result[key] = after;
    }
    this.struct = struct;
    this.structDefinition = structDefinition;
    if (!plan) return result ?? value;
    for (const [name, zero] of plan.written) {
      if ((result ?? value)[name] !== undefined) continue;
      result ??= { ...value };
      result[name] = zero;
    }
    return result ?? value;
  }

  private map(view: SchemaView, value: unknown, path: string): unknown {
    if (!isObject(value)) {
      this.report(jsonType(value), this.goType(view) ?? "map[string]string");
      return undefined;
    }
    const values = view.additional() as SchemaView;
    let result: JsonObject | undefined;
    for (const key in value) {
      const before = value[key];
      const after = before === null ? zeroOf(values) : this.value(values, before, path ? `${path}.${key}` : key);
      if (after === before) continue;
      result ??= { ...value };
      result[key] = after;
    }
    return result ?? value;
  }

  private list(view: SchemaView, value: unknown, path: string): unknown {
    if (!Array.isArray(value)) {
      this.report(jsonType(value), this.goType(view) ?? "[]string");
      return undefined;
    }
    const items = view.items();
    if (!items) return value;
    let result: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const before = value[i];
      const after = before === null ? zeroOf(items) : this.value(items, before, `${path}[${i}]`);
      if (after === before) continue;
      result ??= [...value];
      result[i] = after;
    }
    return result ?? value;
  }

  private goType(view: SchemaView): string | undefined {
    return goTypeName(view, this.structDefinition, this.fields.at(-1));
  }

  private report(value: string, type: string): void {
    this.mismatch ??=
      this.fields.length > 0
        ? `json: cannot unmarshal ${value} into Go struct field ${this.struct ?? ""}.${this.fields.join(".")} of type ${type}`
        : `json: cannot unmarshal ${value} into Go value of type ${type}`;
  }
}

/** What null stands for as an item of a list or a map. */
function zeroOf(view: SchemaView): unknown {
  switch (view.shape) {
    case "object":
    case "map":
      return {};
    case "list":
      return [];
    case "any":
      return null;
    case "scalar":
      switch (view.scalar) {
        case "boolean":
          return false;
        case "int32":
        case "int64":
        case "number":
        case "int-or-string":
          return 0;
        case "quantity":
          return "0";
        case "time":
        case "micro-time":
          return null;
        case "string":
        case "bytes":
          return "";
      }
  }
}

const kindOf = (body: unknown): string | undefined =>
  isObject(body) && typeof body["kind"] === "string" && body["kind"] !== "" ? body["kind"] : undefined;

function versionOf(body: unknown): string {
  const apiVersion = isObject(body) && typeof body["apiVersion"] === "string" ? body["apiVersion"] : "";
  return apiVersion.slice(apiVersion.lastIndexOf("/") + 1);
}
