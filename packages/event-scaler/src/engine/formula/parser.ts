import { errorAt } from "./formula-error.ts";
import type { Node } from "./syntax.ts";
import { type Token, type TokenKind, tokensOf, tokenText } from "./tokens.ts";

const unaryPrecedence: Readonly<Record<string, number>> = { not: 50, "!": 50, "-": 90, "+": 90 };
const binaryPrecedence: Readonly<Record<string, number>> = {
  "|": 0,
  or: 10,
  "||": 10,
  and: 15,
  "&&": 15,
  "==": 20,
  "!=": 20,
  "<": 20,
  ">": 20,
  ">=": 20,
  "<=": 20,
  in: 20,
  matches: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  "..": 25,
  "+": 30,
  "-": 30,
  "*": 60,
  "/": 60,
  "%": 60,
  "**": 100,
  "^": 100,
  "??": 500,
};
const rightAssociative = new Set(["**", "^"]);
const comparisons = new Set(["<", ">", ">=", "<="]);
const negatable = new Set(["in", "matches", "contains", "startsWith", "endsWith"]);

/** Functions that take an expression and a predicate; the first number is how many arguments there must be. */
export const predicateFunctions: Readonly<Record<string, { readonly least: number; readonly most: number }>> = {
  all: { least: 2, most: 2 },
  none: { least: 2, most: 2 },
  any: { least: 2, most: 2 },
  one: { least: 2, most: 2 },
  filter: { least: 2, most: 2 },
  map: { least: 2, most: 2 },
  count: { least: 1, most: 2 },
  sum: { least: 1, most: 2 },
  find: { least: 2, most: 2 },
  findIndex: { least: 2, most: 2 },
  findLast: { least: 2, most: 2 },
  findLastIndex: { least: 2, most: 2 },
  reduce: { least: 2, most: 3 },
};

/** Beyond these a formula is no longer something that a person wrote. */
const maxNodes = 10_000;
const maxDepth = 500;

/** Reads a formula in the language of expr-lang 1.17: numbers, comparisons, conditions, lists and predicates. */
export function parseFormula(source: string): Node {
  return new Parser(source).parse();
}

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #position = 0;
  #nodes = 0;
  #depth = 0;
  #predicates = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokensOf(source);
  }

  parse(): Node {
    const node = this.#sequence();
    if (this.#current.kind !== "EOF") throw this.#unexpected();
    return node;
  }

  get #current(): Token {
    return this.#tokens[Math.min(this.#position, this.#tokens.length - 1)] as Token;
  }

  #next(): Token {
    const token = this.#current;
    if (token.kind === "EOF") throw errorAt(this.#source, token.at, "unexpected token EOF");
    this.#position += 1;
    return token;
  }

  #is(kind: TokenKind, text?: string): boolean {
    const token = this.#current;
    return token.kind === kind && (text === undefined || token.text === text);
  }

  #expect(kind: TokenKind, text?: string): Token {
    if (!this.#is(kind, text)) throw this.#unexpected();
    return this.#next();
  }

  #unexpected(token = this.#current) {
    return errorAt(this.#source, token.at, `unexpected token ${tokenText(token)}`);
  }

  #node<N extends Node>(node: N): N {
    this.#nodes += 1;
    if (this.#nodes > maxNodes) {
      throw errorAt(this.#source, node.at, "compilation failed: expression exceeds maximum allowed nodes");
    }
    return node;
  }

  #sequence(): Node {
    const nodes = [this.#expression(0)];
    while (this.#is("Operator", ";")) {
      this.#next();
      if (this.#is("EOF")) break;
      nodes.push(this.#expression(0));
    }
    const [first] = nodes as [Node];
    return nodes.length === 1 ? first : this.#node({ kind: "sequence", nodes, at: first.at });
  }

  #expression(precedence: number): Node {
    this.#depth += 1;
    if (this.#depth > maxDepth) {
      throw errorAt(this.#source, this.#current.at, `compilation failed: nested deeper than ${maxDepth}`);
    }
    try {
      if (precedence === 0 && this.#is("Operator", "let")) return this.#let();
      if (precedence === 0 && this.#is("Operator", "if")) return this.#if();
      const node = this.#binary(this.#primary(), precedence);
      return precedence === 0 ? this.#conditional(node) : node;
    } finally {
      this.#depth -= 1;
    }
  }

  #binary(first: Node, precedence: number): Node {
    let left = first;
    let previous = "";
    for (;;) {
      let token = this.#current;
      if (token.kind !== "Operator") return left;
      const negated = token.text === "not";
      if (negated) {
        const following = this.#tokens[this.#position + 1] as Token;
        if (!negatable.has(following.text)) throw this.#unexpected(following);
        token = following;
      }
      const own = Object.hasOwn(binaryPrecedence, token.text) ? (binaryPrecedence[token.text] as number) : -1;
      if (own < precedence) return left;
      if (negated) this.#next();
      this.#next();
      const { text: operator, at } = token;
      if (operator === "|") {
        left = this.#call(this.#expect("Identifier"), [left]);
      } else if (previous === "??" && operator !== "??") {
        throw errorAt(
          this.#source,
          at,
          `Operator (${operator}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.`,
        );
      } else if (comparisons.has(operator)) {
        left = this.#comparison(left, token, own);
      } else {
        const right = this.#expression(rightAssociative.has(operator) ? own : own + 1);
        left = this.#node({ kind: "binary", operator, left, right, at });
        if (negated) left = this.#node({ kind: "unary", operator: "not", node: left, at });
      }
      previous = operator;
    }
  }

  /** `1 < a <= 3` means both. */
  #comparison(first: Node, firstToken: Token, precedence: number): Node {
    let left = first;
    let token = firstToken;
    let whole: Node | undefined;
    for (;;) {
      const right = this.#expression(precedence + 1);
      const { text: operator, at } = token;
      const one: Node = this.#node({ kind: "binary", operator, left, right, at });
      whole = whole ? this.#node({ kind: "binary", operator: "&&", left: whole, right: one, at }) : one;
      left = right;
      token = this.#current;
      if (token.kind !== "Operator" || !comparisons.has(token.text)) return whole;
      this.#next();
    }
  }

  #let(): Node {
    this.#next();
    const { text: name, at } = this.#expect("Identifier");
    this.#expect("Operator", "=");
    const value = this.#expression(0);
    this.#expect("Operator", ";");
    return this.#node({ kind: "let", name, value, body: this.#sequence(), at });
  }

  #if(): Node {
    const { at } = this.#next();
    const condition = this.#expression(0);
    const yes = this.#block();
    this.#expect("Operator", "else");
    const no = this.#is("Operator", "if") ? this.#if() : this.#block();
    return this.#node({ kind: "conditional", condition, yes, no, at });
  }

  #block(): Node {
    this.#expect("Bracket", "{");
    const body = this.#sequence();
    this.#expect("Bracket", "}");
    return body;
  }

  #conditional(first: Node): Node {
    let node = first;
    while (this.#is("Operator", "?")) {
      const { at } = this.#next();
      if (this.#is("Operator", ":")) {
        this.#next();
        node = this.#node({ kind: "conditional", condition: node, yes: node, no: this.#expression(0), at });
      } else {
        const yes = this.#expression(0);
        this.#expect("Operator", ":");
        node = this.#node({ kind: "conditional", condition: node, yes, no: this.#expression(0), at });
      }
    }
    return node;
  }

  #primary(): Node {
    const token = this.#current;
    const { text, at, kind } = token;
    if (kind === "Operator" && Object.hasOwn(unaryPrecedence, text)) {
      this.#next();
      const node = this.#expression(unaryPrecedence[text] as number);
      return this.#postfix(this.#node({ kind: "unary", operator: text, node, at }));
    }
    if (this.#is("Bracket", "(")) {
      this.#next();
      const node = this.#sequence();
      this.#expect("Bracket", ")");
      return this.#postfix(node);
    }
    if (this.#predicates > 0 && this.#is("Operator", "#")) {
      this.#next();
      // Only what follows without a space is its name.
      const named = this.#is("Identifier") && this.#current.at === at + 1;
      return this.#postfix(this.#node({ kind: "pointer", name: named ? this.#next().text : "", at }));
    }
    if (this.#is("Operator", "::")) {
      this.#next();
      return this.#postfix(this.#call(this.#expect("Identifier"), []));
    }
    return this.#literal(token);
  }

  #literal(token: Token): Node {
    const { kind, text, at } = token;
    if (kind === "Identifier") {
      this.#next();
      if (text === "true" || text === "false") return this.#node({ kind: "boolean", value: text === "true", at });
      if (text === "nil") return this.#node({ kind: "nil", at });
      if (this.#is("Bracket", "(")) return this.#postfix(this.#call(token, []));
      return this.#postfix(this.#node({ kind: "name", name: text, at }));
    }
    if (kind === "Number") {
      this.#next();
      const digits = text.replaceAll("_", "");
      const integer = /^0[xXoObB]/.test(digits) || !/[.eE]/.test(digits);
      return this.#node({ kind: "number", value: Number(digits), integer, at });
    }
    if (kind === "String") {
      this.#next();
      return this.#postfix(this.#node({ kind: "string", value: text, at }));
    }
    if (this.#is("Bracket", "[")) return this.#postfix(this.#array());
    throw this.#unexpected();
  }

  #array(): Node {
    const { at } = this.#next();
    const items: Node[] = [];
    while (!this.#is("Bracket", "]")) {
      if (items.length > 0) {
        this.#expect("Operator", ",");
        if (this.#is("Bracket", "]")) break;
      }
      items.push(this.#expression(0));
    }
    this.#next();
    return this.#node({ kind: "array", items, at });
  }

  #call({ text: name, at }: Token, before: readonly Node[]): Node {
    const args = [...before];
    const rule = Object.hasOwn(predicateFunctions, name) ? predicateFunctions[name] : undefined;
    this.#expect("Bracket", "(");
    while (!this.#is("Bracket", ")")) {
      if (args.length > before.length) {
        this.#expect("Operator", ",");
        if (this.#is("Bracket", ")")) break;
      }
      args.push(rule && args.length === 1 ? this.#predicate() : this.#expression(0));
    }
    if (rule && args.length < rule.least) {
      throw errorAt(this.#source, this.#current.at, `expected at least ${rule.least} arguments`);
    }
    if (rule && args.length > rule.most) throw this.#unexpected();
    this.#expect("Bracket", ")");
    return this.#node({ kind: "call", name, args, at });
  }

  #predicate(): Node {
    const { at } = this.#current;
    const braces = this.#is("Bracket", "{");
    this.#predicates += 1;
    const body = braces ? this.#block() : this.#expression(0);
    this.#predicates -= 1;
    if (this.#is("Operator", ";")) {
      throw errorAt(this.#source, this.#current.at, "wrap predicate with brackets { and }");
    }
    return this.#node({ kind: "predicate", body, at });
  }

  #postfix(first: Node): Node {
    let node = first;
    while (this.#is("Bracket", "[")) {
      const { at } = this.#next();
      const from = this.#is("Operator", ":") ? undefined : this.#expression(0);
      if (this.#is("Operator", ":")) {
        this.#next();
        const to = this.#is("Bracket", "]") ? undefined : this.#expression(0);
        node = this.#node({ kind: "slice", node, from, to, at });
      } else {
        node = this.#node({ kind: "element", node, index: from as Node, at });
      }
      this.#expect("Bracket", "]");
    }
    return node;
  }
}
