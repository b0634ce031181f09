import type { CelRule } from "@bellows/api";
import type { ASTNode, ParseResult } from "@marcbachmann/cel-js";
import { kubernetesEnvironment, type Variables } from "./environment.ts";

/** A CEL expression that was read without a fault. */
export interface Program {
  readonly ast: ASTNode;
  /** The type of the result, `dyn` where it depends on the values. */
  readonly type: string;
  /** @throws Error with CEL's words: `no such key: x`, `index out of bounds`, ... */
  evaluate(variables: Readonly<Record<string, unknown>>): unknown;
}

/** What is wrong with an expression, as a CRD's validation prints it. */
export class CompileError extends Error {
  override readonly name = "CompileError";
}

/** A rule of a schema, compiled. */
export interface CompiledRule {
  readonly rule: CelRule;
  readonly usesOldSelf: boolean;
  readonly program: Program | CompileError;
  readonly message: Program | CompileError | undefined;
}

const environments = new Map<string, ReturnType<typeof kubernetesEnvironment>>();

/** Reads `expression` over the given variables. */
export function compile(expression: string, variables: Variables): Program | CompileError {
  const names = JSON.stringify(variables);
  let env = environments.get(names);
  if (!env) {
    env = kubernetesEnvironment(variables);
    environments.set(names, env);
  }
  try {
    const parsed: ParseResult = env.parse(expression);
    const checked = parsed.check();
    if (!checked.valid) return compileError(expression, checked.error);
    return {
      ast: parsed.ast,
      type: checked.type ?? "dyn",
      evaluate(context) {
        try {
          return parsed(context);
        } catch (error) {
          throw new Error(summaryOf(error), { cause: error });
        }
      },
    };
  } catch (error) {
    return compileError(expression, error);
  }
}

/** The error at a place of the expression, with the place marked below it. */
export function compileErrorAt(expression: string, position: number, text: string): CompileError {
  const before = expression.slice(0, position);
  const line = before.split("\n").length;
  const column = position - (before.lastIndexOf("\n") + 1);
  const source = expression.split("\n")[line - 1] ?? "";
  return new CompileError(
    `compilation failed: ERROR: <input>:${line}:${column + 1}: ${text}\n | ${source}\n | ${".".repeat(column)}^`,
  );
}

function compileError(expression: string, error: unknown): CompileError {
  const start = (error as { range?: { start: number } } | undefined)?.range?.start ?? 0;
  const text = summaryOf(error);
  const variable = /^unknown variable: (\w+)/.exec(text)?.[1];
  if (variable) return compileErrorAt(expression, start, `undeclared reference to '${variable}' (in container '')`);
  const called = /^(?:found no matching overload for|function not found:) '(\w+)\(/.exec(text)?.[1];
  if (called && !knownFunctions().has(called)) {
    const call = expression.indexOf("(", start);
    return compileErrorAt(expression, call, `undeclared reference to '${called}' (in container '')`);
  }
  return compileErrorAt(expression, start, text === "unexpected token: EOF" ? unexpectedEnd : text);
}

const unexpectedEnd =
  "Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

let functions: ReadonlySet<string> | undefined;

function knownFunctions(): ReadonlySet<string> {
  functions ??= new Set(
    kubernetesEnvironment()
      .getDefinitions()
      .functions.map(({ name }) => name),
  );
  return functions;
}

/** The interpreter's message without its drawing of the place, in cel-go's lower case. */
function summaryOf(error: unknown): string {
  const { summary, message } = error as { summary?: string; message: string };
  const text = summary ?? message.split("\n")[0] ?? "";
  const conversion = /^(int|uint|double|bool)\(\) (?:type|conversion) error: (?:cannot convert|invalid string)/.exec(
    text,
  );
  if (conversion) return `type conversion error from 'string' to '${conversion[1]}'`;
  const bounds = /index out of bounds, index (-?\d+)/.exec(text);
  if (bounds) return `index out of bounds: ${bounds[1]}`;
  return text.charAt(0).toLowerCase() + text.slice(1);
}

const compiled = new WeakMap<CelRule, CompiledRule>();

/** Compiles a schema's rule on first use. */
export function compileRule(rule: CelRule): CompiledRule {
  let result = compiled.get(rule);
  if (!result) {
    const variables = { self: "dyn", oldSelf: rule.optionalOldSelf ? "optional<dyn>" : "dyn" };
    result = {
      rule,
      usesOldSelf: mentions(rule.rule, "oldSelf"),
      program: compile(rule.rule, variables),
      message: rule.messageExpression ? compile(rule.messageExpression, variables) : undefined,
    };
    compiled.set(rule, result);
  }
  return result;
}

/** Whether an expression names a variable outside of its string literals. */
export function mentions(expression: string, name: string): boolean {
  const code = expression.replaceAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, '""');
  return new RegExp(`(^|[^\\w.])${name}\\b`).test(code);
}
