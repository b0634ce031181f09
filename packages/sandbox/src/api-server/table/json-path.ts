/** Finds what a path leads to: all matches in document order, none where a part is missing. */
export type JsonPath = (root: unknown) => unknown[];

type Step = (value: unknown) => unknown[];

/**
 * The JSONPath subset that printer columns and scale paths are written in: `.a.b`, `['a']`, `[0]`, `[-1]`, `[*]`, `..a`,
 * and filters `[?(@.type=="Ready")]` with ==, !=, <, <=, >, >=. The leading dot may be missing.
 * @throws SyntaxError naming the place that is not understood
 */
export function parseJsonPath(path: string): JsonPath {
  const steps: Step[] = [];
  let rest = path.startsWith("$") ? path.slice(1) : path;
  if (rest !== "" && !/^[.[]/.test(rest)) rest = `.${rest}`;
  while (rest !== "" && rest !== ".") {
    const taken = takeStep(rest);
    if (!taken) throw new SyntaxError(`${path}: cannot understand "${rest}"`);
    steps.push(taken.step);
    rest = rest.slice(taken.length);
  }
  return (root) => steps.reduce((values, step) => values.flatMap(step), [root]);
}

function takeStep(text: string): { step: Step; length: number } | undefined {
  const recursive = /^\.\.([\w-]+)/.exec(text);
  if (recursive) return { step: descendants(recursive[1] as string), length: recursive[0].length };
  const all = /^(\.\*|\[\*\])/.exec(text);
  if (all) return { step: children, length: all[0].length };
  const field = /^\.((?:[^.[\]\\]|\\.)+)/.exec(text);
  if (field) return { step: member((field[1] as string).replaceAll(/\\(.)/g, "$1")), length: field[0].length };
  const quoted = /^\[(?:'([^']*)'|"([^"]*)")\]/.exec(text);
  if (quoted) return { step: member(quoted[1] ?? quoted[2] ?? ""), length: quoted[0].length };
  const index = /^\[(-?\d+)\]/.exec(text);
  if (index) return { step: element(Number(index[1])), length: index[0].length };
  const filter = /^\[\?\(\s*@([^=!<>]*?)\s*(==|!=|<=|>=|<|>)\s*(.*?)\s*\)\]/.exec(text);
  if (filter) {
    const [whole, path, operator, literal] = filter as unknown as [string, string, string, string];
    return { step: matching(parseJsonPath(path), operator, parseLiteral(literal)), length: whole.length };
  }
  return undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const member =
  (name: string): Step =>
  (value) =>
    isRecord(value) && Object.hasOwn(value, name) ? [value[name]] : [];

const element =
  (index: number): Step =>
  (value) =>
    Array.isArray(value) && value.at(index) !== undefined ? [value.at(index)] : [];

const children: Step = (value) => (Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : []);

const descendants = (name: string): Step => {
  const step: Step = (value) => [...member(name)(value), ...children(value).flatMap(step)];
  return step;
};

const matching =
  (path: JsonPath, operator: string, literal: unknown): Step =>
  (value) =>
    children(value).filter((item) => {
      const [found] = path(item);
      return found !== undefined && compare(found, operator, literal);
    });

function compare(found: unknown, operator: string, literal: unknown): boolean {
  if (operator === "==") return found === literal;
  if (operator === "!=") return found !== literal;
  if (typeof found !== typeof literal || (typeof found !== "number" && typeof found !== "string")) return false;
  const other = literal as typeof found;
  if (operator === "<") return found < other;
  if (operator === "<=") return found <= other;
  return operator === ">" ? found > other : found >= other;
}

function parseLiteral(text: string): unknown {
  const quoted = /^(['"])(.*)\1$/.exec(text);
  if (quoted) return quoted[2];
  if (text === "true" || text === "false") return text === "true";
  return Number(text);
}
