/** What changed between two specs, as indented JSON with `-` and `+` in front of the lines that differ. */
export function specDiff(before: unknown, after: unknown): string {
  const left = JSON.stringify(before, null, 2).split("\n");
  const right = JSON.stringify(after, null, 2).split("\n");
  return lineDiff(left, right).join("\n");
}

function lineDiff(left: readonly string[], right: readonly string[]): string[] {
  const table = longestCommon(left, right);
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      lines.push(`  ${left[i++]}`);
      j++;
    } else if (j >= right.length || (i < left.length && (table[i + 1]?.[j] ?? 0) >= (table[i]?.[j + 1] ?? 0)))
      lines.push(`- ${left[i++]}`);
    else lines.push(`+ ${right[j++]}`);
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
