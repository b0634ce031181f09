import type { Environment } from "@marcbachmann/cel-js";
import { goQuote } from "../field-problem.ts";
import { goRegExp } from "../go-regexp.ts";

class StringsNamespace {}

function expression(pattern: string, flags = ""): RegExp {
  const found = goRegExp(pattern);
  if (!found) throw new Error(`Illegal regex: ${pattern}`);
  return flags ? new RegExp(found.source, found.flags + flags) : found;
}

/** Strings beyond CEL's core: cel-go's string extensions (version 2) and Kubernetes' `find` and `findAll`. */
export function registerTextFunctions(env: Environment): void {
  env.registerFunction("string.find(string): string", (text: string, pattern: string) => {
    return expression(pattern).exec(text)?.[0] ?? "";
  });
  const findAll = (text: string, pattern: string, limit = -1n) => {
    const found = [...text.matchAll(expression(pattern, "g"))].map(([match]) => match);
    return limit < 0n ? found : found.slice(0, Number(limit));
  };
  env.registerFunction("string.findAll(string): list<string>", (text: string, pattern: string) =>
    findAll(text, pattern),
  );
  env.registerFunction("string.findAll(string, int): list<string>", findAll);

  env.registerFunction("string.charAt(int): string", (text: string, position: bigint) => {
    const characters = [...text];
    if (position < 0n || position > characters.length) throw new Error(`index out of range: ${position}`);
    return characters[Number(position)] ?? "";
  });
  env.registerFunction("string.replace(string, string): string", (text: string, from: string, to: string) =>
    text.split(from).join(to),
  );
  env.registerFunction(
    "string.replace(string, string, int): string",
    (text: string, from: string, to: string, limit: bigint) => replaceFirst(text, from, to, limit),
  );
  env.registerFunction("string.reverse(): string", (text: string) => [...text].reverse().join(""));
  env.registerFunction("string.format(list<dyn>): string", formatText);
  env.registerType("StringsNamespace", StringsNamespace);
  env.registerConstant("strings", "StringsNamespace", new StringsNamespace());
  env.registerFunction("StringsNamespace.quote(string): string", (_: StringsNamespace, text: string) => goQuote(text));
}

function replaceFirst(text: string, from: string, to: string, limit: bigint): string {
  if (limit < 0n) return text.split(from).join(to);
  const parts = text.split(from);
  const count = Math.min(Number(limit), parts.length - 1);
  return [...parts.slice(0, count), ""].join(to) + parts.slice(count).join(from);
}

/** `"%s has %d".format([...])` with the clauses s, d, f, e, b, o, x, X and a precision for f and e. */
function formatText(template: string, values: readonly unknown[]): string {
  let next = 0;
  return template.replaceAll(
    /%(?:%|(?:\.(\d+))?([sdfeboxX]))/g,
    (clause, precision: string | undefined, verb: string) => {
      if (clause === "%%") return "%";
      if (next >= values.length) throw new Error(`index ${next} out of range`);
      const value = values[next++];
      return formatValue(verb, value, precision === undefined ? 6 : Number(precision));
    },
  );
}

function formatValue(verb: string, value: unknown, digits: number): string {
  switch (verb) {
    case "s":
      return textOf(value);
    case "d":
      return String(value);
    case "f":
      return Number(value).toFixed(digits);
    case "e":
      return Number(value)
        .toExponential(digits)
        .replace(/e([+-])(\d)$/, "e$10$2");
    case "b":
      return typeof value === "boolean" ? (value ? "1" : "0") : radix(value, 2);
    case "o":
      return radix(value, 8);
    case "x":
      return radix(value, 16);
    default:
      return radix(value, 16).toUpperCase();
  }
}

function radix(value: unknown, base: number): string {
  if (typeof value === "bigint") return value.toString(base);
  return Buffer.from(typeof value === "string" ? value : (value as Uint8Array)).toString("hex");
}

/** A value as CEL's `%s` shows it; strings inside lists and maps are not quoted. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(", ")}]`;
  if (value instanceof Date) return value.toISOString().replace(".000Z", "Z");
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return `{${Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => `${key}: ${textOf(part)}`)
      .join(", ")}}`;
  return String(value);
}
