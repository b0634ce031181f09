import type { BenchRow } from "@bellows/kube";

/** The row of several runs: their median, least and most, to three digits. */
export function measured(name: string, unit: string, values: readonly number[], target?: BenchRow["target"]): BenchRow {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => Number((sorted[index] ?? Number.NaN).toPrecision(3));
  return {
    name,
    unit,
    median: at(sorted.length >> 1),
    least: at(0),
    most: at(sorted.length - 1),
    runs: sorted.length,
    ...(target && { target }),
  };
}

/** Whether the median keeps what was promised; true where nothing was. */
export function isMet({ median, target }: BenchRow): boolean {
  if (!target) return true;
  return "atMost" in target ? median <= target.atMost : median >= target.atLeast;
}

/** Columns of equal width: measure, median, spread, target, verdict, runs. */
export function benchTable(rows: readonly BenchRow[]): string[] {
  const cells = rows.map((row) => [
    row.name,
    `${row.median} ${row.unit}`,
    `${row.least} - ${row.most}`,
    row.target ? ("atMost" in row.target ? `<= ${row.target.atMost}` : `>= ${row.target.atLeast}`) : "",
    row.target ? (isMet(row) ? "met" : "MISSED") : "",
    String(row.runs),
  ]);
  const all = [["measure", "median", "spread", "target", "", "runs"], ...cells];
  const widths = (all[0] as string[]).map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  return all.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join("  ")
      .trimEnd(),
  );
}
