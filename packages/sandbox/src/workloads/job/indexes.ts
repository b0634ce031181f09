/** The indexes in a text like `0-2,5`, each below `completions`. */
export function parseIndexes(text: string | undefined, completions: number): Set<number> {
  const indexes = new Set<number>();
  for (const part of (text ?? "").split(",")) {
    const [first, last] = part.split("-").map(Number);
    if (part === "" || first === undefined || Number.isNaN(first)) continue;
    for (let index = first; index <= (last ?? first) && index < completions; index++) indexes.add(index);
  }
  return indexes;
}

/** `0-2,5`: sorted, runs joined by a dash (two neighbours as well). */
export function formatIndexes(indexes: Iterable<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (sorted[end + 1] === (sorted[end] as number) + 1) end++;
    // A run of two is written as two numbers.
    if (end - start === 1) parts.push(`${sorted[start]}`, `${sorted[end]}`);
    else parts.push(end === start ? `${sorted[start]}` : `${sorted[start]}-${sorted[end]}`);
    start = end + 1;
  }
  return parts.join(",");
}
