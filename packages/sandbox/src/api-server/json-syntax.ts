/**
 * What is wrong with a JSON text, in the words of Go's encoding/json; undefined where nothing is. Only for texts that
 * JSON.parse refused: it reads them a second time.
 * @param text one character a byte (latin1), as Go names bytes
 */
export function jsonProblem(text: string): string | undefined {
  try {
    const end = skipSpace(text, value(text, skipSpace(text, 0)));
    return end < text.length ? invalidCharacter(text, end, "after top-level value") : undefined;
  } catch (error) {
    if (error instanceof JsonProblem) return error.message;
    throw error;
  }
}

class JsonProblem extends Error {}

function invalidCharacter(text: string, at: number, context: string): string {
  const character = text[at];
  if (character === undefined) return "unexpected end of JSON input";
  const quoted = character === "'" ? "\\'" : character === '"' ? '"' : goEscaped(character);
  return `invalid character '${quoted}' ${context}`;
}

const refuse = (text: string, at: number, context: string): never => {
  throw new JsonProblem(invalidCharacter(text, at, context));
};

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\n" || text[at] === "\r") at++;
  return at;
}

/** @returns where the value that begins at `at` ends */
function value(text: string, at: number): number {
  const first = text[at] ?? "";
  if (first === "{") return object(text, at + 1);
  if (first === "[") return array(text, at + 1);
  if (first === '"') return string(text, at + 1);
  if (first === "-" || (first >= "0" && first <= "9")) return number(text, at);
  for (const literal of ["true", "false", "null"]) if (first === literal[0]) return word(text, at, literal);
  return refuse(text, at, "looking for beginning of value");
}

function object(text: string, from: number): number {
  let at = skipSpace(text, from);
  if (text[at] === "}") return at + 1;
  for (;;) {
    if (text[at] !== '"') refuse(text, at, "looking for beginning of object key string");
    at = skipSpace(text, string(text, at + 1));
    if (text[at] !== ":") refuse(text, at, "after object key");
    at = skipSpace(text, value(text, skipSpace(text, at + 1)));
    if (text[at] === "}") return at + 1;
    if (text[at] !== ",") refuse(text, at, "after object key:value pair");
    at = skipSpace(text, at + 1);
  }
}

function array(text: string, from: number): number {
  let at = skipSpace(text, from);
  if (text[at] === "]") return at + 1;
  for (;;) {
    at = skipSpace(text, value(text, at));
    if (text[at] === "]") return at + 1;
    if (text[at] !== ",") refuse(text, at, "after array element");
    at = skipSpace(text, at + 1);
  }
}

function string(text: string, from: number): number {
  for (let at = from; ; at++) {
    const character = text[at];
    if (character === '"') return at + 1;
    if (character === undefined || character < " ") refuse(text, at, "in string literal");
    if (character !== "\\") continue;
    at++;
    if (text[at] !== "u") {
      if (!/[bfnrt\\/"]/.test(text[at] ?? "")) refuse(text, at, "in string escape code");
      continue;
    }
    for (let digit = 0; digit < 4; digit++)
      if (!/[0-9a-fA-F]/.test(text[++at] ?? "")) refuse(text, at, "in \\u hexadecimal character escape");
  }
}

function number(text: string, from: number): number {
  let at = from;
  const digits = (context: string) => {
    if (!/\d/.test(text[at] ?? "")) refuse(text, at, context);
    while (/\d/.test(text[at] ?? "")) at++;
  };
  if (text[at] === "-") at++;
  if (text[at] === "0") at++;
  else digits("in numeric literal");
  if (text[at] === ".") {
    at++;
    digits("after decimal point in numeric literal");
  }
  if (text[at] === "e" || text[at] === "E") {
    at++;
    if (text[at] === "+" || text[at] === "-") at++;
    digits("in exponent of numeric literal");
  }
  return at;
}

function word(text: string, from: number, literal: string): number {
  for (let index = 1; index < literal.length; index++) {
    if (text[from + index] !== literal[index])
      refuse(text, from + index, `in literal ${literal} (expecting '${literal[index]}')`);
  }
  return from + literal.length;
}

/** As Go's strconv.Quote: what does not print is its code. */
const goEscaped = (character: string): string =>
  /^\p{C}$/u.test(character) && character > "\u007e"
    ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
    : JSON.stringify(character).slice(1, -1);
