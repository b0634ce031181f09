import { cpus, totalmem } from "node:os";
import type { BenchRow } from "@bellows/kube/bench";

/** A row of one measure from its runs. */
export function benchRow(name: string, unit: string, values: readonly number[], target?: BenchRow["target"]): BenchRow {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
  return {
    name,
    unit,
    median,
    least: sorted[0] ?? Number.NaN,
    most: sorted.at(-1) ?? Number.NaN,
    runs: values.length,
    ...(target && { target }),
  };
}

/** The table of a bench as lines: measure, median, spread, target, and whether it is met; then the machine. */
export function benchTable(rows: readonly BenchRow[]): string[] {
  const cells = rows.map((row) => [
    row.name,
    `${shown(row.median)} ${row.unit}`,
    `${shown(row.least)}-${shown(row.most)}`,
    String(row.runs),
    targetText(row),
  ]);
  const heads = ["measure", "median", "spread", "runs", "target"];
  const widths = heads.map((head, index) => Math.max(head.length, ...cells.map((row) => row[index]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(heads), ...cells.map(line), "", machine()];
}

function targetText({ target, median, unit }: BenchRow): string {
  if (!target) return "";
  const met = "atMost" in target ? median <= target.atMost : median >= target.atLeast;
  const bound = "atMost" in target ? `at most ${target.atMost}` : `at least ${target.atLeast}`;
  return `${bound} ${unit}: ${met ? "met" : "NOT met"}`;
}

const shown = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

function machine(): string {
  const [cpu] = cpus();
  const gibibytes = (totalmem() / 1024 ** 3).toFixed(0);
  return `${cpus().length} x ${cpu?.model ?? "unknown CPU"}, ${gibibytes} GiB, Node ${process.version}, ${process.platform}`;
}
