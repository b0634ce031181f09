import { labelKeyProblems, labelValueProblems } from "./label.ts";

export type Labels = Readonly<Record<string, string>>;

/** The operators of a label requirement, by the words of the selector syntax. */
export type LabelOperator = "=" | "==" | "!=" | "in" | "notin" | "exists" | "!" | "gt" | "lt";

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** The shape of `metav1.LabelSelector`. */
interface LabelSelectorFields {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

/** A selector that cannot be read; the messages are those of Kubernetes. */
export class SelectorError extends Error {
  override readonly name = "SelectorError";
}

/** Tells which objects are meant, by their labels: all requirements must hold. */
export class Selector {
  static readonly everything = new Selector([], true);
  static readonly nothing = new Selector([], false);

  /** Sorted by key. */
  readonly requirements: readonly LabelRequirement[];
  readonly #selectable: boolean;

  private constructor(requirements: readonly LabelRequirement[], selectable: boolean) {
    this.requirements = requirements;
    this.#selectable = selectable;
  }

  static of(requirements: readonly LabelRequirement[]): Selector {
    if (requirements.length === 0) return Selector.everything;
    return new Selector(
      requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)),
      true,
    );
  }

  /** True where no object is left out. */
  get isEverything(): boolean {
    return this.#selectable && this.requirements.length === 0;
  }

  matches(labels: Labels | undefined): boolean {
    if (!this.#selectable) return false;
    for (const requirement of this.requirements) {
      if (!matchesRequirement(requirement, labels)) return false;
    }
    return true;
  }

  /** The one value that `key` must have, where the selector says so; for indexes. */
  exactValue(key: string): string | undefined {
    const requirement = this.requirements.find((one) => one.key === key);
    if (requirement?.values.length !== 1) return undefined;
    return ["=", "==", "in"].includes(requirement.operator) ? requirement.values[0] : undefined;
  }

  /** The selector syntax: `app=web,tier in (a,b),!debug`. Empty for everything and for nothing. */
  toString(): string {
    return this.requirements.map(printRequirement).join(",");
  }
}

function matchesRequirement({ key, operator, values }: LabelRequirement, labels: Labels | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "=":
    case "==":
    case "in":
      return value !== undefined && values.includes(value);
    case "!=":
    case "notin":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    default: {
      const [bound] = values;
      if (value === undefined || bound === undefined || values.length !== 1) return false;
      const [left, right] = [parseInt64(value), parseInt64(bound)];
      if (left === undefined || right === undefined) return false;
      return operator === "gt" ? left > right : left < right;
    }
  }
}

/** As Go's `strconv.ParseInt(text, 10, 64)` reads it. */
function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace("+", ""));
  return value === BigInt.asIntN(64, value) ? value : undefined;
}

function printRequirement({ key, operator, values }: LabelRequirement): string {
  const list = values.toSorted().join(",");
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${list})`;
    case "gt":
      return `${key}>${list}`;
    case "lt":
      return `${key}<${list}`;
    default:
      return `${key}${operator}${list}`;
  }
}

/**
 * A requirement whose key, operator and values fit together. `path` leads the messages (`spec.selector`), which show a
 * list without values as `noValues`.
 */
export function labelRequirement(
  key: string,
  operator: LabelOperator,
  values: readonly string[],
  path?: string,
  noValues: readonly string[] | null = [],
): LabelRequirement {
  const problems = requirementProblems(key, operator, values, path === undefined ? "" : `${path}.`, noValues);
  if (problems.length > 0) throw new SelectorError(aggregate(problems));
  return { key, operator, values };
}

function requirementProblems(
  key: string,
  operator: string,
  values: readonly string[],
  prefix: string,
  noValues: readonly string[] | null,
): string[] {
  const problems: string[] = [];
  const keyProblems = labelKeyProblems(key);
  if (keyProblems.length > 0) problems.push(invalid(`${prefix}key`, key, keyProblems.join("; ")));
  const invalidValues = (detail: string) =>
    problems.push(invalid(`${prefix}values`, values.length === 0 ? noValues : values, detail));
  switch (operator) {
    case "in":
    case "notin":
      if (values.length === 0) invalidValues("for 'in', 'notin' operators, values set can't be empty");
      break;
    case "=":
    case "==":
    case "!=":
      if (values.length !== 1) invalidValues("exact-match compatibility requires one single value");
      break;
    case "exists":
    case "!":
      if (values.length !== 0) invalidValues("values set must be empty for exists and does not exist");
      break;
    default:
      if (values.length !== 1) invalidValues("for 'Gt', 'Lt' operators, exactly one value is required");
      for (const [index, value] of values.entries()) {
        if (parseInt64(value) !== undefined) continue;
        const detail = "for 'Gt', 'Lt' operators, the value must be an integer";
        problems.push(invalid(`${prefix}values[${index}]`, value, detail));
      }
  }
  for (const [index, value] of values.entries()) {
    const valueProblems = labelValueProblems(value);
    if (valueProblems.length === 0) continue;
    problems.push(invalid(`${prefix}values[${index}][${key}]`, value, valueProblems.join("; ")));
  }
  return problems;
}

function invalid(path: string, value: unknown, detail: string): string {
  return `${path}: Invalid value: ${JSON.stringify(value)}: ${detail}`;
}

/** As Go's error aggregates print: one message as it is, several in brackets, repeated ones once. */
function aggregate(problems: readonly string[]): string {
  const distinct = [...new Set(problems)];
  return distinct.length === 1 ? (distinct[0] ?? "") : `[${distinct.join(", ")}]`;
}

const operatorOf: Readonly<Record<string, LabelOperator>> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
};

/**
 * The selector that a `metav1.LabelSelector` means: undefined selects nothing, an empty one everything.
 * @throws SelectorError for an operator, key or values that Kubernetes refuses
 */
export function selectorOf(selector: LabelSelectorFields | undefined | null): Selector {
  if (!selector) return Selector.nothing;
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push(labelRequirement(key, "=", [value]));
  }
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = operatorOf[operator];
    if (!known) throw new SelectorError(`${JSON.stringify(operator)} is not a valid label selector operator`);
    requirements.push(labelRequirement(key, known, values ?? [], undefined, null));
  }
  return Selector.of(requirements);
}

/** The selector of a plain map, such as a Service's or a nodeSelector. Not checked; empty selects everything. */
export function selectorOfLabels(labels: Labels | undefined): Selector {
  return Selector.of(Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: "=", values: [value] })));
}

/** A `metav1.LabelSelector` as kubectl prints it: `<none>` for everything, `<error>` for one that cannot be read. */
export function formatLabelSelector(selector: LabelSelectorFields | undefined | null): string {
  try {
    return selectorOf(selector).toString() || "<none>";
  } catch (error) {
    if (error instanceof SelectorError) return "<error>";
    throw error;
  }
}

type TokenKind =
  | "identifier"
  | "end"
  | "in"
  | "notin"
  | ")"
  | ","
  | "!"
  | "=="
  | "="
  | ">"
  | "<"
  | "!="
  | "("
  | "error";
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

/**
 * Reads the selector syntax of `kubectl -l`: `app=web,tier in (a,b),env notin (),!debug,cores>4`. Empty is everything.
 * @throws SelectorError with the message that Kubernetes gives
 */
export function parseSelector(text: string): Selector {
  const tokens = tokensOf(text);
  const end: Token = { kind: "end", text: "" };
  let position = 0;
  const peek = () => asValue(tokens[position] ?? end);
  const take = () => asValue(tokens[position++] ?? end);
  const requirements: LabelRequirement[] = [];
  while (true) {
    const token = peek();
    if (token.kind === "end") return Selector.of(requirements);
    if (token.kind !== "identifier" && token.kind !== "!") {
      throw new SelectorError(`found '${token.text}', expected: !, identifier, or 'end of string'`);
    }
    try {
      requirements.push(parseRequirement());
    } catch (error) {
      if (error instanceof SelectorError) throw new SelectorError(`unable to parse requirement: ${error.message}`);
      throw error;
    }
    const next = take();
    if (next.kind === "end") return Selector.of(requirements);
    if (next.kind !== ",") throw new SelectorError(`found '${next.text}', expected: ',' or 'end of string'`);
    const following = peek();
    if (following.kind !== "identifier" && following.kind !== "!") {
      throw new SelectorError(`found '${following.text}', expected: identifier after ','`);
    }
  }

  function parseRequirement(): LabelRequirement {
    let token = take();
    const negated = token.kind === "!";
    if (negated) token = take();
    if (token.kind !== "identifier") throw new SelectorError(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const keyProblems = labelKeyProblems(key);
    if (keyProblems.length > 0) throw new SelectorError(invalid("<nil>", key, keyProblems.join("; ")));
    if (negated) return labelRequirement(key, "!", []);
    if (peek().kind === "end" || peek().kind === ",") return labelRequirement(key, "exists", []);
    const operator = parseOperator();
    const values = operator === "in" || operator === "notin" ? parseValues() : [parseExactValue()];
    return labelRequirement(key, operator, [...new Set(values)].sort());
  }

  function parseOperator(): LabelOperator {
    const token = tokens[position++] ?? end;
    switch (token.kind) {
      case "in":
      case "notin":
      case "=":
      case "==":
      case "!=":
        return token.kind;
      case ">":
        return "gt";
      case "<":
        return "lt";
      default:
        throw new SelectorError(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  }

  function parseValues(): string[] {
    const open = take();
    if (open.kind !== "(") throw new SelectorError(`found '${open.text}' expected: '('`);
    const first = peek();
    if (first.kind === ")") {
      take();
      return [""];
    }
    if (first.kind !== "identifier" && first.kind !== ",") {
      throw new SelectorError(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values = parseIdentifiers();
    take(); // parseIdentifiers stops before the closing parenthesis only
    return values;
  }

  function parseIdentifiers(): string[] {
    const values: string[] = [];
    while (true) {
      const token = take();
      if (token.kind === "identifier") {
        values.push(token.text);
        const next = peek();
        if (next.kind === ")") return values;
        if (next.kind !== ",") throw new SelectorError(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.kind === ",") {
        if (values.length === 0) values.push("");
        const next = peek();
        if (next.kind === ")") return [...values, ""];
        if (next.kind === ",") values.push("");
      } else {
        throw new SelectorError(`found '${token.text}', expected: ',', or identifier`);
      }
    }
  }

  function parseExactValue(): string {
    if (peek().kind === "end" || peek().kind === ",") return "";
    const token = take();
    if (token.kind !== "identifier") throw new SelectorError(`found '${token.text}', expected: identifier`);
    return token.text;
  }
}

/** The words `in` and `notin` are operators only after a key. */
function asValue(token: Token): Token {
  return token.kind === "in" || token.kind === "notin" ? { kind: "identifier", text: token.text } : token;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  // Longest operators first; a run of special characters that starts with none is an error only where it is met.
  const pattern = /\s*(?:(==|!=|=|!|>|<|\(|\)|,)|([^\s=!(),<>]+))/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) break;
    const word = match[2];
    if (word === undefined) tokens.push({ kind: match[1] as TokenKind, text: match[1] ?? "" });
    else tokens.push({ kind: word === "in" || word === "notin" ? word : "identifier", text: word });
  }
  return tokens;
}
