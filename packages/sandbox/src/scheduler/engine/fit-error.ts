import type { Rejection } from "./plugin.ts";

export const noNodesMessage = "no nodes available to schedule pods";

/** `0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.`: reasons counted, sorted as text. */
export function fitMessage(nodeCount: number, rejections: Iterable<Rejection>, ofEveryNode?: string): string {
  const counts = new Map<string, number>();
  for (const { reasons } of rejections) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const told = ofEveryNode ?? sorted(counts).join(", ");
  return `0/${nodeCount} nodes are available:${told ? ` ${told}.` : ""}`;
}

const sorted = (counts: ReadonlyMap<string, number>) =>
  [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
