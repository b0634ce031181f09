/** The intervals of a text like `0-2,5` below `completions`, or why it is none (1.35). */
export function parseIndexList(text: string, completions: number): [number, number][] | { readonly problem: string } {
  if (text === "") return [];
  const intervals: [number, number][] = [];
  for (const fragment of text.split(",")) {
    const parts = fragment.split("-");
    if (parts.length > 2)
      return {
        problem: `the fragment ${JSON.stringify(fragment)} violates the requirement that an index interval can have at most two parts separated by '-'`,
      };
    for (const part of parts) {
      if (!/^\d+$/.test(part))
        return { problem: `cannot convert string to integer for index: ${JSON.stringify(part)}` };
      if (Number(part) >= completions) return { problem: `too large index: ${JSON.stringify(part)}` };
    }
    const [first = 0, last = first] = parts.map(Number);
    const disorder = (previous: number, current: number) => ({
      problem: `non-increasing order, previous: ${previous}, current: ${current}`,
    });
    if (parts.length === 2 && first >= last) return disorder(first, last);
    const before = intervals.at(-1)?.[1];
    if (before !== undefined && before >= first) return disorder(before, first);
    intervals.push([first, last]);
  }
  return intervals;
}
