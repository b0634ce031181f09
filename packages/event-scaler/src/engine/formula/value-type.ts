/** What is known of a value before the formula is computed. */
export type ValueType = "int" | "float" | "bool" | "string" | "nil" | "unknown" | { readonly element: ValueType };

export type Value = number | boolean | string | undefined | readonly Value[];

export const isArray = (type: ValueType): type is { readonly element: ValueType } => typeof type === "object";
export const isNumber = (type: ValueType): boolean => type === "int" || type === "float";
export const mayBe = (type: ValueType, wanted: ValueType): boolean => type === "unknown" || type === wanted;
export const mayBeNumber = (type: ValueType): boolean => type === "unknown" || isNumber(type);

/** The type of a value that is of the one or of the other type. */
export function commonType(left: ValueType, right: ValueType): ValueType {
  if (isArray(left) && isArray(right)) return { element: commonType(left.element, right.element) };
  return left === right ? left : "unknown";
}

/** Whether `==` between the two makes sense. */
export function areComparable(left: ValueType, right: ValueType): boolean {
  if (left === right || [left, right].some((one) => one === "unknown" || one === "nil")) return true;
  if (isNumber(left) && isNumber(right)) return true;
  return isArray(left) && isArray(right) && areComparable(left.element, right.element);
}

/** The names that Go has for them, as messages show them. */
export function typeText(type: ValueType): string {
  if (isArray(type)) return type.element === "unknown" ? "[]interface {}" : `[]${typeText(type.element)}`;
  return type === "float" ? "float64" : type;
}

export function typeTextOf(value: Value): string {
  if (value === undefined) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "boolean") return "bool";
  return typeof value === "number" ? "float64" : "string";
}

export function areEqual(left: Value, right: Value): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return left === right;
  return left.length === right.length && left.every((one, index) => areEqual(one, right[index]));
}
