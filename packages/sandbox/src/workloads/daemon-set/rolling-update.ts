import type { Pod } from "@bellows/api";

/** The pods of one node, as far as an update looks at them. */
export interface NodePods {
  readonly nodeName: string;
  readonly shouldRun: boolean;
  readonly fresh: readonly Pod[];
  readonly old: readonly Pod[];
}

interface Limits {
  readonly maxUnavailable: number;
  readonly maxSurge: number;
  readonly isAvailable: (pod: Pod) => boolean;
}

export interface Replacement {
  readonly remove: readonly Pod[];
  /** Nodes that get a pod of the new version beside the old one. */
  readonly addOn: readonly string[];
}

/** Which old pods are replaced now, in the order of `nodes` (daemon `rollingUpdate`, 1.35). */
export const replacements = (nodes: readonly NodePods[], limits: Limits): Replacement =>
  limits.maxSurge === 0 ? inPlace(nodes, limits) : surging(nodes, limits);

function inPlace(nodes: readonly NodePods[], { maxUnavailable, isAvailable }: Limits): Replacement {
  let unavailable = 0;
  const unavailableOld: Pod[] = [];
  const candidates: Pod[] = [];
  for (const { fresh, old } of nodes) {
    const [newPod, oldPod] = [fresh[0], old[0]];
    if (fresh.length > 1 || old.length > 1 || Boolean(newPod) === Boolean(oldPod)) unavailable++;
    else if (newPod) unavailable += isAvailable(newPod) ? 0 : 1;
    else if (oldPod && !isAvailable(oldPod)) {
      unavailableOld.push(oldPod);
      unavailable++;
    } else if (oldPod && unavailable < maxUnavailable) candidates.push(oldPod);
  }
  return { remove: [...unavailableOld, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))], addOn: [] };
}

function surging(nodes: readonly NodePods[], { maxSurge, isAvailable }: Limits): Replacement {
  const remove: Pod[] = [];
  const allowed: string[] = [];
  const candidates: string[] = [];
  let surge = 0;
  for (const { nodeName, shouldRun, fresh, old } of nodes) {
    const [newPod, oldPod] = [fresh[0], old[0]];
    if (fresh.length > 1 || old.length > 1) surge++;
    else if (!oldPod) continue;
    else if (newPod) {
      if (isAvailable(newPod)) remove.push(oldPod);
      else surge++;
    } else if (!shouldRun) remove.push(oldPod);
    else if (!isAvailable(oldPod)) allowed.push(nodeName);
    else candidates.push(nodeName);
  }
  return { remove, addOn: [...allowed, ...candidates.slice(0, Math.max(0, maxSurge - surge))] };
}
