import { condition, type Lease, type Node, type NodeCondition, timestamp } from "@bellows/api";
import { type Instant, parseTimestamp } from "@bellows/kube";

/** Conditions that only the kubelet knows of. */
const kubeletConditions = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

export interface GracePeriods {
  /** Without a sign of life for this long, a node's state is unknown; default 50 s, as in 1.35. */
  readonly monitorMs: number;
  /** The same for a node that never said anything; default 60 s. */
  readonly startupMs: number;
}

/** The last sign of life: the lease, the heartbeat of Ready, or creation. */
export function lastSeenAt(node: Node, lease: Lease | undefined): Instant {
  const heartbeat = parseTimestamp(condition(node.status?.conditions, "Ready")?.lastHeartbeatTime) ?? 0;
  const renewed = parseTimestamp(lease?.spec?.renewTime) ?? 0;
  return Math.max(heartbeat, renewed, parseTimestamp(node.metadata.creationTimestamp) ?? 0);
}

/** Until when a node may be silent. */
export function silentUntil(node: Node, lease: Lease | undefined, grace: GracePeriods): Instant {
  const started = condition(node.status?.conditions, "Ready") !== undefined;
  return lastSeenAt(node, lease) + (started ? grace.monitorMs : grace.startupMs);
}

/** The conditions of a node that has fallen silent; the same array where they say so already. */
export function silentConditions(node: Node, now: Instant): readonly NodeCondition[] {
  const conditions = node.status?.conditions ?? [];
  const at = timestamp(now);
  const created = node.metadata.creationTimestamp ?? at;
  const changed = conditions.map((each): NodeCondition => {
    if (!kubeletConditions.includes(each.type) || each.status === "Unknown") return each;
    const why = { reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." };
    return { ...each, status: "Unknown", ...why, lastTransitionTime: at };
  });
  const missing = kubeletConditions.filter((type) => !condition(conditions, type));
  const added = missing.map((type): NodeCondition => {
    const why = { reason: "NodeStatusNeverUpdated", message: "Kubelet never posted node status." };
    return { type, status: "Unknown", ...why, lastHeartbeatTime: created, lastTransitionTime: at };
  });
  const isSame = added.length === 0 && changed.every((each, index) => each === conditions[index]);
  return isSame ? conditions : [...changed, ...added];
}
