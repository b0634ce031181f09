import { canonicalQuantity } from "@bellows/api";
import type { Scalar } from "../schema-view.ts";
import { DecodeFailure } from "./decode-failure.ts";
import { canonicalMicroTime, canonicalTime } from "./time.ts";

/** What the decoder reports when a value's JSON type is wrong; the caller knows the field. */
export class TypeMismatch {
  readonly value: string;
  readonly type: string;
  constructor(value: string, type: string) {
    this.value = value;
    this.type = type;
  }
}

const int32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };

/**
 * Reads one scalar and returns it as the API server keeps it (quantities, times and base64 in canonical form), or the
 * mismatch of its type.
 * @throws DecodeFailure for text of the right type that cannot be read
 */
export function decodeScalar(scalar: Scalar, value: unknown): unknown | TypeMismatch {
  switch (scalar) {
    case "string":
      return typeof value === "string" ? value : new TypeMismatch(jsonType(value), "string");
    case "boolean":
      return typeof value === "boolean" ? value : new TypeMismatch(jsonType(value), "bool");
    case "int32":
      return decodeInteger(value, "int32");
    case "int64":
      return decodeInteger(value, "int64");
    case "number":
      return typeof value === "number" ? value : new TypeMismatch(jsonType(value), "float64");
    case "int-or-string":
      return typeof value === "string" ? value : decodeInteger(value, "int32");
    case "quantity":
      return decodeQuantity(value);
    case "time":
      return typeof value === "string" ? canonicalTime(value) : new TypeMismatch(jsonType(value), "string");
    case "micro-time":
      return typeof value === "string" ? canonicalMicroTime(value) : new TypeMismatch(jsonType(value), "string");
    case "bytes":
      return typeof value === "string" ? canonicalBase64(value) : new TypeMismatch(jsonType(value), "[]uint8");
  }
}

function decodeInteger(value: unknown, type: "int32" | "int64"): unknown {
  if (typeof value !== "number") return new TypeMismatch(jsonType(value), type);
  const fits = Number.isInteger(value) && (type === "int64" || (value >= int32.min && value <= int32.max));
  return fits ? value : new TypeMismatch(`number ${value}`, type);
}

function decodeQuantity(value: unknown): string {
  // Go hands the raw JSON text to the quantity parser, so that numbers are as good as strings.
  const text = typeof value === "string" ? value : JSON.stringify(value);
  try {
    return canonicalQuantity(text);
  } catch (error) {
    throw new DecodeFailure((error as Error).message);
  }
}

/** Standard base64 with padding; line breaks are skipped, as Go's decoder does. */
export function canonicalBase64(text: string): string {
  const compact = text.replace(/[\r\n]/g, "");
  const wrong = /[^A-Za-z0-9+/]/.exec(compact.replace(/={1,2}$/, ""));
  if (wrong || compact.length % 4 !== 0) {
    const at = wrong ? wrong.index : compact.length - (compact.length % 4 || 4);
    throw new DecodeFailure(`illegal base64 data at input byte ${at}`);
  }
  return compact;
}

export function jsonType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "number":
      return "number";
    case "string":
      return "string";
    default:
      return "object";
  }
}
