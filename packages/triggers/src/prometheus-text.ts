/** A number as Prometheus writes it; undefined for none. */
export function parseSample(source: string): number | undefined {
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(source);
  if (special) {
    if (special[2]?.toLowerCase() === "nan") return Number.NaN;
    return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(source) ? Number(source) : undefined;
}

interface Matcher {
  readonly label: string;
  readonly matches: (value: string) => boolean;
}

/** A series selector: `name{label="value"}`. */
export interface SeriesSelector {
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

const quotedText = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/.source;
const matcherPattern = new RegExp(`^\\s*([a-zA-Z_][a-zA-Z0-9_]*)\\s*(=~|!~|!=|=)\\s*(${quotedText})\\s*(,|$)`);

/** @throws Error  which says what stands where it can't be read */
export function parseSeriesSelector(source: string): SeriesSelector {
  const whole = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(?:\{([\s\S]*)\})?\s*$/.exec(source);
  if (!whole) throw new Error(`valueLocation ${JSON.stringify(source)}: expected a metric such as name{label="value"}`);
  let name = whole[1] ?? "";
  let rest = (whole[2] ?? "").trim();
  const matchers: Matcher[] = [];
  while (rest !== "") {
    const found = matcherPattern.exec(rest);
    if (!found) {
      throw new Error(`valueLocation ${JSON.stringify(source)}: expected label="value" at ${JSON.stringify(rest)}`);
    }
    const [all, label = "", operator = "", quoted = ""] = found;
    const value = unquote(quoted);
    if (label === "__name__" && operator === "=") name = value;
    else matchers.push({ label, matches: comparison(operator, value) });
    rest = rest.slice(all.length);
  }
  if (name === "") throw new Error(`valueLocation ${JSON.stringify(source)}: expected the name of a metric`);
  return { name, matchers };
}

function comparison(operator: string, value: string): (found: string) => boolean {
  if (operator === "=") return (found) => found === value;
  if (operator === "!=") return (found) => found !== value;
  const pattern = new RegExp(`^(?:${value})$`, "s");
  return operator === "=~" ? (found) => pattern.test(found) : (found) => !pattern.test(found);
}

/** The value of the first series of a text in Prometheus' format that the selector means; undefined for none. */
export function findSeries(exposition: string, selector: SeriesSelector): { value?: number; named: boolean } {
  let named = false;
  for (const [index, untrimmed] of exposition.split("\n").entries()) {
    const line = untrimmed.trim();
    if (line === "" || line.startsWith("#")) continue;
    const series = parseLine(line);
    if (!series)
      throw new Error(`prometheus format parsing error: line ${index + 1}: ${JSON.stringify(line.slice(0, 100))}`);
    if (series.name !== selector.name) continue;
    named = true;
    if (selector.matchers.every(({ label, matches }) => matches(series.labels.get(label) ?? ""))) {
      return { value: series.value, named };
    }
  }
  return { named };
}

interface Series {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const linePattern =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s*(\S+)(?:\s+-?\d+)?(?:\s+#.*)?$/;
const labelPattern = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*("(?:[^"\\]|\\.)*")\s*(?:,|$)/y;

function parseLine(line: string): Series | undefined {
  const [, name = "", labelText = "", sample = ""] = linePattern.exec(line) ?? [];
  const value = parseSample(sample);
  if (name === "" || value === undefined) return undefined;
  const labels = new Map<string, string>();
  labelPattern.lastIndex = 0;
  while (labelPattern.lastIndex < labelText.trimEnd().length) {
    const found = labelPattern.exec(labelText);
    if (!found) return undefined;
    labels.set(found[1] ?? "", unquote(found[2] ?? ""));
  }
  return { name, labels, value };
}

function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith("`")) return inner;
  return inner.replace(/\\(.)/gs, (_, escaped: string) => ({ n: "\n", t: "\t", r: "\r" })[escaped] ?? escaped);
}
