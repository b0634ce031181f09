import type { Cluster } from "./cluster.ts";
import type { NodeInfo } from "./node-info.ts";
import { nodeAffinity, nodeName, nodeUnschedulable, taintToleration } from "./node-plugins.ts";
import { nodeResourcesFit } from "./node-resources.ts";
import { isRejection } from "./plugin.ts";
import type { QueuedPod } from "./queue.ts";

/** What has changed, as far as a pod that no node could take may care. */
export type Change =
  | { readonly kind: "node"; readonly node: NodeInfo }
  | { readonly kind: "podGone"; readonly node: NodeInfo | undefined }
  | { readonly kind: "podPlaced" }
  | { readonly kind: "volumes" };

const byNodeAlone = [nodeUnschedulable, nodeName, taintToleration, nodeAffinity, nodeResourcesFit];
const ofNodeAlone = new Set(byNodeAlone.map((plugin) => plugin.name));
const ofVolumes = new Set(["VolumeBinding", "VolumeZone", "NodeVolumeLimits", "VolumeRestrictions"]);
const ofPlacedPods = new Set(["InterPodAffinity", "PodTopologySpread"]);

/**
 * Whether a change may let a pod in that was rejected before: never says no where it could (a queueing hint). A node counts
 * only where it passes the filters that look at nothing but itself.
 */
export function mayHelp(change: Change, { pod, plugins }: QueuedPod, cluster: Cluster): boolean {
  const rejectedBy = (set: ReadonlySet<string>) => [...plugins].some((plugin) => set.has(plugin));
  switch (change.kind) {
    case "volumes":
      return rejectedBy(ofVolumes);
    case "podPlaced":
      return rejectedBy(ofPlacedPods);
    case "podGone":
      if (!change.node || [...plugins].some((plugin) => !ofNodeAlone.has(plugin))) return true;
      return passes(pod, change.node, cluster);
    case "node":
      return passes(pod, change.node, cluster);
  }
}

function passes(pod: QueuedPod["pod"], node: NodeInfo, cluster: Cluster): boolean {
  return byNodeAlone.every((plugin) => {
    const filter = plugin.prepare(pod, cluster);
    if (!filter) return true;
    const rejection = isRejection(filter) ? filter : filter.check(node);
    // Pods of less priority on the node may be taken away.
    return (
      !rejection || (rejection.preemptible && [...node.pods.values()].some((other) => other.priority < pod.priority))
    );
  });
}
