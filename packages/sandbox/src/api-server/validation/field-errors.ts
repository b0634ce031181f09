import type { FieldError } from "../status-error.ts";

/**
 * The problems of one object in the order they are found, in apimachinery's wording (`field.Error`). A path is written
 * out: `spec.containers[0].name`. An empty detail leaves only the kind of problem.
 */
export class FieldErrors {
  readonly list: FieldError[] = [];

  required(field: string, detail = ""): void {
    this.add("FieldValueRequired", field, "Required value", detail);
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.add("FieldValueInvalid", field, `Invalid value: ${printValue(value)}`, detail);
  }

  /** For a value that would say nothing: `Invalid value: requires ...`. */
  invalidAsWhole(field: string, detail: string): void {
    this.add("FieldValueInvalid", field, "Invalid value", detail);
  }

  /** One error a problem. */
  invalidEach(field: string, value: unknown, problems: readonly string[]): void {
    for (const problem of problems) this.invalid(field, value, problem);
  }

  notSupported(field: string, value: unknown, supported: readonly string[]): void {
    const detail = supported.length
      ? `supported values: ${supported.map((one) => JSON.stringify(one)).join(", ")}`
      : "";
    this.add("FieldValueNotSupported", field, `Unsupported value: ${printValue(value)}`, detail);
  }

  forbidden(field: string, detail: string): void {
    this.add("FieldValueForbidden", field, "Forbidden", detail);
  }

  duplicate(field: string, value: unknown, detail = ""): void {
    this.add("FieldValueDuplicate", field, `Duplicate value: ${printValue(value)}`, detail);
  }

  notFound(field: string, value: unknown): void {
    this.add("FieldValueNotFound", field, `Not found: ${printValue(value)}`, "");
  }

  tooLong(field: string, maxBytes: number): void {
    this.add("FieldValueTooLong", field, "Too long", `may not be more than ${maxBytes} bytes`);
  }

  tooMany(field: string, actual: number, max: number): void {
    this.add("FieldValueTooMany", field, `Too many: ${actual}`, `must have at most ${max} items`);
  }

  nonNegative(field: string, value: number | undefined): void {
    if (value !== undefined && value < 0) this.invalid(field, value, "must be greater than or equal to 0");
  }

  /** Reports a value that is none of `supported`. */
  oneOf(field: string, value: string | undefined, supported: readonly string[]): void {
    if (!supported.includes(value ?? "")) this.notSupported(field, value ?? "", supported);
  }

  immutable(field: string, value: unknown): void {
    this.invalid(field, value, "field is immutable");
  }

  private add(reason: FieldError["reason"], field: string, problem: string, detail: string): void {
    this.list.push({ reason, field, message: detail ? `${problem}: ${detail}` : problem });
  }
}

/** Text is quoted, absence is null, structures are JSON. */
function printValue(value: unknown): string {
  if (value === undefined || value === null) return "null";
  return typeof value === "object" || typeof value === "string" ? JSON.stringify(value) : String(value);
}
