import type { Job, Pod } from "@bellows/api";
import { isReady } from "../pod-state.ts";
import type { Account } from "./accounting.ts";
import { indexOfPod, isIndexed } from "./pods.ts";

/** How many pods a Job is to have: no more than are missing from its completions. */
export function wantedPods({ spec }: Job, { total }: Account, active: number): number {
  const { parallelism = 1, completions, suspend } = spec ?? {};
  if (suspend) return 0;
  if (completions === undefined) return total.succeeded > 0 ? active : parallelism;
  return Math.min(parallelism, Math.max(0, completions - total.succeeded));
}

/** The running pods that are too many: those without an index of their own first, then by how little is lost. */
export function podsToRemove(job: Job, active: readonly Pod[], account: Account): Pod[] {
  const atLeast = Math.max(0, active.length - wantedPods(job, account, active.length));
  const stray = isIndexed(job) ? strayPods(job, active) : [];
  const rest = active.filter((pod) => !stray.includes(pod)).sort(compareForRemoval);
  return [...stray, ...rest.slice(0, Math.max(0, atLeast - stray.length))].slice(0, 500);
}

/** Pods whose index is none, out of range, or another's already. */
function strayPods({ spec }: Job, active: readonly Pod[]): Pod[] {
  const stray: Pod[] = [];
  for (const [index, pods] of Map.groupBy(active, indexOfPod)) {
    if (index === undefined || index >= (spec?.completions ?? 0)) stray.push(...pods);
    else stray.push(...[...pods].sort(compareForRemoval).slice(0, -1));
  }
  return stray;
}

/** Not assigned, not running, not ready, younger go first. */
function compareForRemoval(a: Pod, b: Pod): number {
  const rank = (pod: Pod) =>
    (pod.spec?.nodeName ? 1 : 0) + (pod.status?.phase === "Running" ? 2 : 0) + (isReady(pod) ? 4 : 0);
  const [left, right] = [a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? ""];
  return rank(a) - rank(b) || (left > right ? -1 : left < right ? 1 : a.metadata.name < b.metadata.name ? -1 : 1);
}
