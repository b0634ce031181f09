/**
 * Numbers and booleans in metadata are text that upstream reads by Go's encoding/json and strconv; what these refuse
 * is refused, in their words.
 */

const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** What is wrong with a text that should be a JSON number; undefined for nothing. */
export function goFloatProblem(source: string): string | undefined {
  return numberProblem(source, "float64", (value) => !Number.isFinite(value));
}

/** What is wrong with a text that should be a whole JSON number of 64 bits. */
export function goIntProblem(source: string): string | undefined {
  return numberProblem(source, "int64", (value) => !/^-?\d+$/.test(source) || value >= 2 ** 63 || value < -(2 ** 63));
}

function numberProblem(source: string, type: string, wrong: (value: number) => boolean): string | undefined {
  const prefix = `unable to unmarshal to field type ${type}: `;
  if (numberPattern.test(source)) {
    return wrong(Number(source))
      ? `${prefix}json: cannot unmarshal number ${source} into Go value of type ${type}`
      : undefined;
  }
  const other = otherJson(source);
  if (other !== undefined) return `${prefix}json: cannot unmarshal ${other} into Go value of type ${type}`;
  return prefix + syntaxProblem(source);
}

/** What the text is, where it is JSON but no number. */
function otherJson(source: string): string | undefined {
  try {
    const value: unknown = JSON.parse(source);
    if (value === null) return "null";
    if (Array.isArray(value)) return "array";
    return typeof value === "boolean" ? "bool" : typeof value;
  } catch {
    return undefined;
  }
}

function syntaxProblem(source: string): string {
  const started = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(source)?.[0];
  if (started) {
    const next = source.slice(started.length).trimStart()[0] ?? "";
    const rest = source.slice(started.length);
    if (/^\.$/.test(rest) || /^[eE][+-]?$/.test(rest)) return "unexpected end of JSON input";
    if (/^\./.test(rest)) return `invalid character ${goRune(rest[1] ?? "")} after decimal point in numeric literal`;
    if (/^[eE]/.test(rest)) return `invalid character ${goRune(rest[1] ?? "")} in exponent of numeric literal`;
    return `invalid character ${goRune(next)} after top-level value`;
  }
  if (source === "" || source === "-") return "unexpected end of JSON input";
  if (source.startsWith("-")) return `invalid character ${goRune(source[1] ?? "")} in numeric literal`;
  return literalProblem(source) ?? `invalid character ${goRune(source[0] ?? "")} looking for beginning of value`;
}

function literalProblem(source: string): string | undefined {
  const literal = ["true", "false", "null"].find((word) => word[0] === source[0]);
  if (literal === undefined) return undefined;
  for (let at = 1; at < literal.length; at++) {
    if (source[at] === undefined) return "unexpected end of JSON input";
    if (source[at] === literal[at]) continue;
    return `invalid character ${goRune(source[at] ?? "")} in literal ${literal} (expecting '${literal[at]}')`;
  }
  return `invalid character ${goRune(source[literal.length] ?? "")} after top-level value`;
}

const goRune = (character: string): string => (character === "'" ? "'\\''" : `'${character}'`);

/** A boolean as strconv.ParseBool reads it; undefined for none. */
export function parseGoBool(source: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(source)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(source)) return false;
  return undefined;
}

/** A text as url.QueryEscape writes it in a query. */
export const goQueryEscape = (source: string): string =>
  encodeURIComponent(source)
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
