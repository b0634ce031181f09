import {
  areComparable,
  areEqual,
  isArray,
  isNumber,
  mayBe,
  mayBeNumber,
  typeTextOf,
  type Value,
  type ValueType,
} from "./value-type.ts";

/** The type that an operator gives; undefined where it does not take these. */
export function binaryType(operator: string, left: ValueType, right: ValueType): ValueType | undefined {
  const numbers = mayBeNumber(left) && mayBeNumber(right);
  const known = isNumber(left) && isNumber(right);
  switch (operator) {
    case "==":
    case "!=":
      return areComparable(left, right) ? "bool" : undefined;
    case "or":
    case "||":
    case "and":
    case "&&":
      return mayBe(left, "bool") && mayBe(right, "bool") ? "bool" : undefined;
    case "<":
    case ">":
    case "<=":
    case ">=":
      return numbers || (mayBe(left, "string") && mayBe(right, "string")) ? "bool" : undefined;
    case "-":
    case "*":
      if (!numbers) return undefined;
      return known ? promoted(left, right) : "unknown";
    case "+":
      if (left === "string" && right === "string") return "string";
      if (known) return promoted(left, right);
      return numbers || (mayBe(left, "string") && mayBe(right, "string")) ? "unknown" : undefined;
    case "/":
    case "**":
    case "^":
      return numbers ? "float" : undefined;
    case "%":
      return mayBe(left, "int") && mayBe(right, "int") ? "int" : undefined;
    case "..":
      return mayBe(left, "int") && mayBe(right, "int") ? { element: "int" } : undefined;
    case "in":
      if (isArray(right)) return areComparable(left, right.element) ? "bool" : undefined;
      return right === "unknown" ? "bool" : undefined;
    case "contains":
    case "startsWith":
    case "endsWith":
      return mayBe(left, "string") && mayBe(right, "string") ? "bool" : undefined;
    default:
      return undefined;
  }
}

const promoted = (left: ValueType, right: ValueType): ValueType =>
  left === "float" || right === "float" ? "float" : "int";

/** Computes an operator both sides of which are known. Those that look at one side first are not here. */
export function computeBinary(operator: string, left: Value, right: Value): Value {
  if (operator === "==") return areEqual(left, right);
  if (operator === "!=") return !areEqual(left, right);
  if (operator === "in" && Array.isArray(right)) return right.some((item) => areEqual(item, left));
  if (typeof left === "number" && typeof right === "number") return ofNumbers(operator, left, right);
  if (typeof left === "string" && typeof right === "string") return ofTexts(operator, left, right);
  throw invalid(operator, left, right);
}

function ofNumbers(operator: string, left: number, right: number): Value {
  switch (operator) {
    case "<":
      return left < right;
    case ">":
      return left > right;
    case "<=":
      return left <= right;
    case ">=":
      return left >= right;
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "**":
    case "^":
      return left ** right;
    case "%":
      if (!Number.isInteger(left) || !Number.isInteger(right)) throw invalid(operator, left, right);
      if (right === 0) throw new Error("runtime error: integer divide by zero");
      return left % right;
    default:
      throw invalid(operator, left, right);
  }
}

function ofTexts(operator: string, left: string, right: string): Value {
  switch (operator) {
    case "<":
      return left < right;
    case ">":
      return left > right;
    case "<=":
      return left <= right;
    case ">=":
      return left >= right;
    case "+":
      return left + right;
    case "contains":
      return left.includes(right);
    case "startsWith":
      return left.startsWith(right);
    case "endsWith":
      return left.endsWith(right);
    default:
      throw invalid(operator, left, right);
  }
}

const invalid = (operator: string, left: Value, right: Value) =>
  new Error(`invalid operation: ${typeTextOf(left)} ${operator} ${typeTextOf(right)}`);
