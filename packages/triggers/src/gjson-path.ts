/**
 * Paths into JSON as GJSON reads them (github.com/tidwall/gjson, SYNTAX.md of 1.18): `a.b`, `list.0`, `list.#`,
 * `list.#.name`, `list.#(name=="x").size`, `#(...)#`, wildcards, escapes, pipes, and the modifiers that lead to a value
 * (`@reverse`, `@keys`, `@values`, `@flatten`, `@this`, `@fromstr`). What does not exist is undefined.
 */
export function valueAtPath(root: unknown, path: string): unknown {
  return follow(root, path);
}

interface Step {
  readonly text: string;
  /** What follows; undefined at the end. */
  readonly rest: string | undefined;
  readonly piped: boolean;
}

function follow(value: unknown, path: string): unknown {
  const step = firstStep(path);
  const { text, rest } = step;
  if (text.startsWith("@")) return further(modified(value, text.slice(1)), rest);
  if (Array.isArray(value)) return followArray(value, step);
  if (typeof value !== "object" || value === null) return undefined;
  return further(member(value as Record<string, unknown>, text), rest);
}

const further = (value: unknown, rest: string | undefined): unknown =>
  rest === undefined || value === undefined ? value : follow(value, rest);

function followArray(items: readonly unknown[], { text, rest, piped }: Step): unknown {
  if (text === "#") {
    if (rest === undefined) return items.length;
    if (piped) return further(items.length, rest);
    return ofEach(items, rest);
  }
  if (text.startsWith("#(")) {
    const all = text.endsWith("#");
    const query = text.slice(2, all ? -2 : -1);
    if (!all)
      return further(
        items.find((item) => satisfies(item, query)),
        rest,
      );
    const found = items.filter((item) => satisfies(item, query));
    if (rest === undefined || piped) return further(found, rest);
    return ofEach(found, rest);
  }
  return /^\d+$/.test(text) ? further(items[Number(text)], rest) : undefined;
}

/** The rest of the path in each item; what stands behind a pipe is for the whole. */
function ofEach(items: readonly unknown[], path: string): unknown {
  const [each, behind] = splitAtPipe(path);
  const found = items.map((item) => follow(item, each)).filter((one) => one !== undefined);
  return further(found, behind);
}

function member(object: Record<string, unknown>, text: string): unknown {
  if (!/(?<!\\)[*?]/.test(text)) {
    const key = withoutEscapes(text);
    return Object.hasOwn(object, key) ? object[key] : undefined;
  }
  const key = Object.keys(object).find((name) => matchesWildcards(name, text));
  return key === undefined ? undefined : object[key];
}

/** Linear in the product of both lengths, whatever the pattern. */
function matchesWildcards(name: string, pattern: string): boolean {
  const tokens = pattern.match(/\\.|./gsu) ?? [];
  let reached = new Set([0]);
  const skipStars = (positions: Set<number>) => {
    for (const at of positions) if (tokens[at] === "*") positions.add(at + 1);
  };
  skipStars(reached);
  for (const character of name) {
    const next = new Set<number>();
    for (const at of reached) {
      const token = tokens[at];
      if (token === "*") next.add(at);
      else if (token === "?" || (token !== undefined && withoutEscapes(token) === character)) next.add(at + 1);
    }
    skipStars(next);
    reached = next;
  }
  return reached.has(tokens.length);
}

const withoutEscapes = (text: string): string => text.replace(/\\(.)/gs, "$1");

/** Parts a path at its first dot or pipe outside of queries. */
function firstStep(path: string): Step {
  const end = endOfStep(path, 0);
  if (end === path.length) return { text: path, rest: undefined, piped: false };
  return { text: path.slice(0, end), rest: path.slice(end + 1), piped: path[end] === "|" };
}

function splitAtPipe(path: string): [string, string | undefined] {
  let at = 0;
  while (at < path.length) {
    at = endOfStep(path, at);
    if (path[at] === "|") return [path.slice(0, at), path.slice(at + 1)];
    at++;
  }
  return [path, undefined];
}

function endOfStep(path: string, start: number): number {
  let depth = 0;
  let inText = false;
  for (let at = start; at < path.length; at++) {
    const character = path[at];
    if (character === "\\") at++;
    else if (character === '"' && depth > 0) inText = !inText;
    else if (inText) continue;
    else if (character === "(") depth++;
    else if (character === ")") depth--;
    else if (depth === 0 && (character === "." || character === "|")) return at;
  }
  return path.length;
}

function modified(value: unknown, modifier: string): unknown {
  const [name = "", argument = ""] = modifier.split(/:(.*)/s);
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  switch (name) {
    case "this":
    case "valid":
    case "pretty":
    case "ugly":
      return value;
    case "reverse":
      if (Array.isArray(value)) return value.toReversed();
      return entries.length > 0 ? Object.fromEntries(entries.toReversed()) : value;
    case "keys":
      return Array.isArray(value) ? value.map(() => null) : entries.map(([key]) => key);
    case "values":
      return entries.map(([, item]) => item);
    case "flatten":
      return Array.isArray(value) ? value.flat(argument.includes('"deep":true') ? Number.POSITIVE_INFINITY : 1) : value;
    case "tostr":
      return JSON.stringify(value);
    case "fromstr":
      return typeof value === "string" ? parsed(value) : undefined;
    default:
      return undefined;
  }
}

function parsed(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

function satisfies(item: unknown, query: string): boolean {
  const { path, operator, wanted } = partsOfQuery(query);
  const found = path === "" ? item : follow(item, path);
  if (operator === undefined) return found !== undefined;
  if (found === undefined) return false;
  const right = wantedValue(wanted);
  if (operator === "%" || operator === "!%") {
    const matches = typeof found === "string" && matchesWildcards(found, String(right));
    return matches === (operator === "%");
  }
  if (typeof found !== typeof right) return operator === "!=";
  return compare(found as string | number | boolean, operator, right as string | number | boolean);
}

const operatorPattern = /==|!=|!%|<=|>=|[=<>%]/y;

/** The operator is the first outside of a query within. */
function partsOfQuery(query: string): { path: string; operator: string | undefined; wanted: string } {
  let depth = 0;
  for (let at = 0; at < query.length; at++) {
    if (query[at] === "\\") at++;
    else if (query[at] === "(") depth++;
    else if (query[at] === ")") depth--;
    else if (depth === 0) {
      operatorPattern.lastIndex = at;
      const operator = operatorPattern.exec(query)?.[0];
      if (operator === undefined) continue;
      return { path: query.slice(0, at).trim(), operator, wanted: query.slice(at + operator.length).trim() };
    }
  }
  return { path: query.trim(), operator: undefined, wanted: "" };
}

function compare<T extends string | number | boolean>(left: T, operator: string, right: T): boolean {
  switch (operator) {
    case "=":
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    default:
      return left >= right;
  }
}

function wantedValue(source: string): unknown {
  const value = parsed(source);
  return value === undefined ? source.replace(/^"|"$/g, "") : value;
}
