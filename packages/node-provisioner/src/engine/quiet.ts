import { durationOrNeverMs, type NodePool } from "@bellows/api";

/** What of a node decides when it may be taken away. */
export interface QuietSeen {
  /** When the node could first be counted on, in milliseconds since the epoch; undefined before. */
  readonly initializedAt: number | undefined;
  /** When a pod last came or went. */
  readonly lastPodEventAt: number | undefined;
}

/** When a node may be consolidated: from when on, or never. */
export function consolidatableAt(nodePool: NodePool, seen: QuietSeen): number {
  if (seen.initializedAt === undefined) return Number.POSITIVE_INFINITY;
  const quietMs = durationOrNeverMs(nodePool.spec.disruption.consolidateAfter);
  return (seen.lastPodEventAt ?? seen.initializedAt) + quietMs;
}
