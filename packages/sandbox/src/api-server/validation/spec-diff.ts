import { isObject, type JsonObject } from "../json-value.ts";

/** Unchanged lines around each change. */
const context = 3;

/**
 * What changed between two specs, as a unified diff of their JSON. Upstream diffs its internal structs, unset fields and
 * all; ours shows the fields that are set, so that line numbers differ.
 */
export function specDiff(before: unknown, after: unknown): string {
  const left = printed(before, undefined);
  const right = printed(after, before);
  const lines = lineDiff(left, right);
  const shown = lines.map((_, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ sign }) => sign !== " "),
  );
  const output: string[] = [];
  for (let start = 0; start < lines.length; start++) {
    if (!shown[start]) continue;
    let end = start;
    while (end < lines.length && shown[end]) end++;
    const hunk = lines.slice(start, end);
    const first = hunk[0] as Line;
    const count = (other: string) => hunk.filter(({ sign }) => sign !== other).length;
    output.push(`@@ -${first.left + 1},${count("+")} +${first.right + 1},${count("-")} @@`);
    for (const { sign, text } of hunk) output.push(`${sign}${text}`);
    start = end;
  }
  return `${output.join("\n")}\n`;
}

interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
  /** How many lines of each side come before this one. */
  readonly left: number;
  readonly right: number;
}

/** Fields as Go calls them, in the order of `like` where it has them too, so that only real changes differ. */
function printed(value: unknown, like: unknown): string[] {
  return JSON.stringify(ordered(value, like), null, 1).split("\n");
}

function ordered(value: unknown, like: unknown, isMap = false): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => ordered(item, Array.isArray(like) ? like[index] : undefined));
  if (!isObject(value)) return value;
  const other = isObject(like) ? like : {};
  const name = isMap ? (key: string) => key : goName;
  const keys = [
    ...Object.keys(other).filter((key) => key in value),
    ...Object.keys(value).filter((key) => !(key in other)),
  ];
  const result: JsonObject = {};
  for (const key of keys) result[name(key)] = ordered(value[key], other[key], maps.has(key));
  return result;
}

/** Fields whose keys are the user's. */
const maps = new Set([
  "nodeSelector",
  "limits",
  "requests",
  "matchLabels",
  "overhead",
  "capacity",
  "volumeAttributes",
  "labels",
  "annotations",
  "options",
]);

const goName = (key: string): string =>
  key.startsWith("dns") ? `DNS${key.slice(3)}` : key.charAt(0).toUpperCase() + key.slice(1);

function lineDiff(left: readonly string[], right: readonly string[]): Line[] {
  const table = longestCommon(left, right);
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const at = { left: i, right: j };
    if (i < left.length && j < right.length && left[i] === right[j]) {
      lines.push({ sign: " ", text: left[i++] as string, ...at });
      j++;
    } else if (j >= right.length || (i < left.length && (table[i + 1]?.[j] ?? 0) >= (table[i]?.[j + 1] ?? 0)))
      lines.push({ sign: "-", text: left[i++] as string, ...at });
    else lines.push({ sign: "+", text: right[j++] as string, ...at });
  }
  return lines;
}

/** Lengths of the longest common runs of what is left at each pair of positions. */
function longestCommon(left: readonly string[], right: readonly string[]): number[][] {
  const table = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0));
  for (let i = left.length - 1; i >= 0; i--)
    for (let j = right.length - 1; j >= 0; j--)
      (table[i] as number[])[j] =
        left[i] === right[j]
          ? ((table[i + 1] as number[])[j + 1] as number) + 1
          : Math.max((table[i + 1] as number[])[j] as number, (table[i] as number[])[j + 1] as number);
  return table;
}
