import type { PersistentVolume, PersistentVolumeClaim } from "@bellows/api";
import type { Cluster } from "./cluster.ts";
import type { NodeInfo } from "./node-info.ts";
import type { FilterPlugin, Rejection } from "./plugin.ts";
import type { PodInfo } from "./pod-info.ts";
import { claimsOf, fitsNode, isBound, planVolumes, storageClassOf } from "./volumes.ts";

const rejection = (plugin: string, reason: string, preemptible = false): Rejection => ({
  plugin,
  reasons: [reason],
  preemptible,
});

/** The claims of a pod by what they wait for, or why the pod must wait. */
export interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[];
  readonly delayed: readonly PersistentVolumeClaim[];
}

export function podClaims({ pod, namespace }: PodInfo, cluster: Cluster): PodClaims | Rejection {
  const bound: PersistentVolumeClaim[] = [];
  const delayed: PersistentVolumeClaim[] = [];
  let immediate = false;
  for (const { name, ephemeral } of claimsOf(pod)) {
    const claim = cluster.objects.claim(namespace, name);
    const quoted = JSON.stringify(name);
    if (!claim) {
      const waiting = `waiting for ephemeral volume controller to create the persistentvolumeclaim ${quoted}`;
      return rejection("VolumeBinding", ephemeral ? waiting : `persistentvolumeclaim ${quoted} not found`);
    }
    if (claim.status?.phase === "Lost") {
      const volume = JSON.stringify(claim.spec?.volumeName ?? "");
      const reason = `persistentvolumeclaim ${quoted} bound to non-existent persistentvolume ${volume}`;
      return rejection("VolumeBinding", reason);
    }
    if (claim.metadata.deletionTimestamp) {
      return rejection("VolumeBinding", `persistentvolumeclaim ${quoted} is being deleted`);
    }
    const owned = claim.metadata.ownerReferences?.some((owner) => owner.controller && owner.uid === pod.metadata.uid);
    if (ephemeral && !owned) {
      const reason = `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`;
      return rejection("VolumeBinding", reason);
    }
    const storageClass = cluster.objects.storageClass(storageClassOf(claim));
    if (isBound(claim)) bound.push(claim);
    else if (storageClass?.volumeBindingMode === "WaitForFirstConsumer" && !claim.spec?.volumeName) delayed.push(claim);
    else immediate = true;
  }
  if (immediate) return rejection("VolumeBinding", "pod has unbound immediate PersistentVolumeClaims");
  return { bound, delayed };
}

const nodeConflict = "node(s) didn't match PersistentVolume's node affinity";
const bindConflict = "node(s) didn't find available persistent volumes to bind";
const volumeMissing = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";

export const volumeBinding: FilterPlugin = {
  name: "VolumeBinding",
  prepare(pod, cluster) {
    if (claimsOf(pod.pod).length === 0) return undefined;
    const claims = podClaims(pod, cluster);
    if ("reasons" in claims) return claims;
    const volumes = claims.bound.map((claim) => cluster.objects.volume(claim.spec?.volumeName as string));
    return {
      check(node) {
        const reasons: string[] = [];
        if (volumes.some((volume) => volume && !fitsNode(volume, node))) reasons.push(nodeConflict);
        if (claims.delayed.length > 0 && !planVolumes(claims.delayed, node, cluster)) reasons.push(bindConflict);
        if (volumes.includes(undefined)) reasons.push(volumeMissing);
        return reasons.length > 0 ? { plugin: "VolumeBinding", reasons, preemptible: false } : undefined;
      },
    };
  },
};

const zoneKeys = [
  ["failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"],
  ["failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"],
  ["topology.kubernetes.io/zone", "topology.kubernetes.io/zone"],
  ["topology.kubernetes.io/region", "topology.kubernetes.io/region"],
] as const;
const otherZone = rejection("VolumeZone", "node(s) had no available volume zone");

/** Keeps a pod in the zones that the labels of its bound volumes name (`a__b` is either). */
export const volumeZone: FilterPlugin = {
  name: "VolumeZone",
  prepare({ pod, namespace }, cluster) {
    const wanted = claimsOf(pod).flatMap(({ name }) => {
      const volumeName = cluster.objects.claim(namespace, name)?.spec?.volumeName;
      const labels = (volumeName && cluster.objects.volume(volumeName)?.metadata.labels) || {};
      return zoneKeys
        .filter(([key]) => labels[key] !== undefined)
        .map(([key, current]) => ({ key, current, values: new Set((labels[key] as string).split("__")) }));
    });
    if (wanted.length === 0) return undefined;
    return {
      check({ labels }) {
        if (!zoneKeys.some(([key]) => labels[key] !== undefined)) return undefined;
        const fits = wanted.every(({ key, current, values }) => values.has((labels[key] ?? labels[current]) as string));
        return fits ? undefined : otherZone;
      },
    };
  },
};

const tooManyVolumes = rejection("NodeVolumeLimits", "node(s) exceed max volume count", true);

const driverOf = (volume: PersistentVolume | undefined): string | undefined =>
  volume?.spec?.csi?.driver ?? (volume?.spec?.awsElasticBlockStore ? "ebs.csi.aws.com" : undefined);

/** The CSI volumes a pod attaches: identity to driver. A claim that is not bound yet counts by its class. */
function attachable({ pod, namespace }: PodInfo, cluster: Cluster): Map<string, string> {
  const volumes = new Map<string, string>();
  for (const { name } of claimsOf(pod)) {
    const claim = cluster.objects.claim(namespace, name);
    if (!claim) continue;
    const volume = claim.spec?.volumeName ? cluster.objects.volume(claim.spec.volumeName) : undefined;
    const driver = volume ? driverOf(volume) : cluster.objects.storageClass(storageClassOf(claim))?.provisioner;
    if (driver) volumes.set(`${driver}/${volume?.spec?.csi?.volumeHandle ?? `${namespace}/${name}`}`, driver);
  }
  return volumes;
}

/** Keeps to the number of volumes each CSI driver can attach to a node, as its CSINode says. */
export const nodeVolumeLimits: FilterPlugin = {
  name: "NodeVolumeLimits",
  prepare(pod, cluster) {
    if (claimsOf(pod.pod).length === 0) return undefined;
    const wanted = attachable(pod, cluster);
    if (wanted.size === 0) return undefined;
    return { check: (node) => (exceedsLimits(wanted, node, cluster) ? tooManyVolumes : undefined) };
  },
};

function exceedsLimits(wanted: ReadonlyMap<string, string>, node: NodeInfo, cluster: Cluster): boolean {
  const limits = new Map<string, number>();
  for (const driver of cluster.objects.csiNode(node.name)?.spec?.drivers ?? []) {
    if (driver.allocatable?.count !== undefined) limits.set(driver.name, driver.allocatable.count);
  }
  if (limits.size === 0) return false;
  const attached = new Map<string, string>();
  for (const existing of node.pods.values())
    for (const [id, driver] of attachable(existing, cluster)) attached.set(id, driver);
  for (const [id, driver] of wanted) attached.set(id, driver);
  const counts = new Map<string, number>();
  for (const driver of attached.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1);
  return [...new Set(wanted.values())].some((driver) => (counts.get(driver) ?? 0) > (limits.get(driver) ?? Infinity));
}

const inUse = rejection(
  "VolumeRestrictions",
  "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
  true,
);

/** A ReadWriteOncePod claim serves one pod in the cluster. Taking that pod away (preemption) frees it. */
export const volumeRestrictions: FilterPlugin = {
  name: "VolumeRestrictions",
  prepare({ pod, namespace }, cluster) {
    const exclusive = claimsOf(pod)
      .map(({ name }) => name)
      .filter((name) => cluster.objects.claim(namespace, name)?.spec?.accessModes?.includes("ReadWriteOncePod"));
    if (exclusive.length === 0) return undefined;
    const uses = (other: PodInfo) =>
      other.namespace === namespace && claimsOf(other.pod).some(({ name }) => exclusive.includes(name));
    let users = 0;
    for (const node of cluster.nodes()) for (const other of node.pods.values()) if (uses(other)) users++;
    return {
      check: () => (users > 0 ? inUse : undefined),
      podAdded: (other) => {
        if (uses(other)) users++;
      },
      podRemoved: (other) => {
        if (uses(other)) users--;
      },
    };
  },
};
