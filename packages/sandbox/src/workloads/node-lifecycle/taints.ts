import { condition, type Node, type Taint, timestamp } from "@bellows/api";
import type { Instant } from "@bellows/kube";

const prefix = "node.kubernetes.io/";

/** Which status of which condition keeps pods off, by which taint. */
const ofConditions: readonly { readonly type: string; readonly status: string; readonly key: string }[] = [
  { type: "Ready", status: "False", key: `${prefix}not-ready` },
  { type: "Ready", status: "Unknown", key: `${prefix}unreachable` },
  { type: "MemoryPressure", status: "True", key: `${prefix}memory-pressure` },
  { type: "DiskPressure", status: "True", key: `${prefix}disk-pressure` },
  { type: "NetworkUnavailable", status: "True", key: `${prefix}network-unavailable` },
  { type: "PIDPressure", status: "True", key: `${prefix}pid-pressure` },
];

const managedNoSchedule = new Set([...ofConditions.map(({ key }) => key), `${prefix}unschedulable`]);
const managedNoExecute = new Set([`${prefix}not-ready`, `${prefix}unreachable`]);

/**
 * The taints a node is to have: those of others as they are, NoSchedule by its conditions and its being cordoned, NoExecute
 * where it is not ready. The same array where nothing changes.
 */
export function wantedTaints({ spec, status }: Node, now: Instant): readonly Taint[] {
  const taints = spec?.taints ?? [];
  const timeAdded = timestamp(now);
  const wanted: Taint[] = [];
  const noSchedule = ofConditions.filter(
    ({ type, status: value }) => condition(status?.conditions, type)?.status === value,
  );
  for (const { key } of noSchedule) wanted.push({ key, effect: "NoSchedule", timeAdded });
  if (spec?.unschedulable) wanted.push({ key: `${prefix}unschedulable`, effect: "NoSchedule", timeAdded });
  const ready = condition(status?.conditions, "Ready")?.status;
  if (ready === "False") wanted.push({ key: `${prefix}not-ready`, effect: "NoExecute", timeAdded });
  if (ready === "Unknown") wanted.push({ key: `${prefix}unreachable`, effect: "NoExecute", timeAdded });

  const isManaged = ({ key, effect }: Taint) =>
    (effect === "NoSchedule" && managedNoSchedule.has(key)) || (effect === "NoExecute" && managedNoExecute.has(key));
  const isSame = (a: Taint, b: Taint) => a.key === b.key && a.effect === b.effect;
  const kept = taints.filter((taint) => !isManaged(taint) || wanted.some((each) => isSame(each, taint)));
  const added = wanted.filter((taint) => !taints.some((each) => isSame(each, taint)));
  return added.length === 0 && kept.length === taints.length ? taints : [...kept, ...added];
}
