import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (options: { type: "major"; execution: "sync"; flavor: "last-resort" }) => void;

/**
 * Gives memory back to the system that lists left behind: what is kept of them lies scattered between what is not, and V8
 * moves it together only when it is short of memory. Takes a fraction of a second of each 100 MiB in use: once, after
 * the caches have synced.
 */
export function releaseMemory(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as Collect;
  collect({ type: "major", execution: "sync", flavor: "last-resort" });
}

/**
 * How far the heap grows, in percent of what was in use when it was collected last, before it is collected again: for
 * the rest of the process. Less costs CPU where much is made and dropped.
 */
export function limitHeapGrowth(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
