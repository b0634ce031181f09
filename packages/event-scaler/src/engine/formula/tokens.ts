import { errorAt } from "./formula-error.ts";

export type TokenKind = "Number" | "String" | "Identifier" | "Operator" | "Bracket" | "EOF";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offset in the source. */
  readonly at: number;
}

const wordOperators = new Set([
  "not",
  "in",
  "or",
  "and",
  "matches",
  "contains",
  "startsWith",
  "endsWith",
  "let",
  "if",
  "else",
]);

const space = /(?:\s+|\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/y;
const number =
  /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?[\d_]+)?/y;
const word = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const operator = /\|\||\?\?|\?\.|&&|==|!=|<=|>=|\*\*|\.\.|::|##|[|:,;%+\-^&!=*<>./?#]/y;
const text = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/y;

/** The tokens of a formula, ended by EOF. */
export function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  while (at < source.length) {
    const skipped = take(space);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    if (source.startsWith("/*", at)) throw errorAt(source, source.length, "unclosed comment");
    const token = nextToken(source, at, take);
    tokens.push(token.token);
    at += token.length;
  }
  tokens.push({ kind: "EOF", text: "", at: Math.max(source.length - 1, 0) });
  return tokens;
}

function nextToken(
  source: string,
  at: number,
  take: (pattern: RegExp) => string | undefined,
): { readonly token: Token; readonly length: number } {
  const found = (kind: TokenKind, raw: string, value = raw) => ({
    token: { kind, text: value, at },
    length: raw.length,
  });
  const first = source[at] as string;
  if ("([{)]}".includes(first)) return found("Bracket", first);
  const digits = take(number);
  if (digits !== undefined) {
    const after = source[at + digits.length];
    if (after !== undefined && /[\p{L}\p{N}_$]/u.test(after)) {
      throw errorAt(source, at + digits.length, `bad number syntax: ${JSON.stringify(digits + after)}`);
    }
    return found("Number", digits);
  }
  const name = take(word);
  if (name !== undefined) return found(wordOperators.has(name) ? "Operator" : "Identifier", name);
  const quoted = take(text);
  if (quoted !== undefined) return found("String", quoted, unquoted(quoted));
  if (`"'\``.includes(first)) throw errorAt(source, source.length, "literal not terminated");
  const sign = take(operator);
  if (sign !== undefined) return found("Operator", sign);
  const character = String.fromCodePoint(source.codePointAt(at) as number);
  const code = (source.codePointAt(at) as number).toString(16).toUpperCase().padStart(4, "0");
  throw errorAt(source, at, `unrecognized character: U+${code} '${character}'`);
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v" };

const unquoted = (quoted: string): string =>
  quoted.startsWith("`")
    ? quoted.slice(1, -1)
    : quoted.slice(1, -1).replace(/\\(.)/gs, (_, escaped: string) => escapes[escaped] ?? escaped);

/** A token as messages show it: `Operator("+")`. */
export const tokenText = ({ kind, text: value }: Token): string =>
  value === "" ? kind : `${kind}(${JSON.stringify(value)})`;
