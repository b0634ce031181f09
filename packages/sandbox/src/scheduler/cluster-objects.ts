import {
  CSINode,
  type LabelSelector,
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  ReplicaSet,
  ReplicationController,
  Service,
  StatefulSet,
  StorageClass,
} from "@bellows/api";
import type { Cache } from "@bellows/kube";
import type { ClusterObjects } from "./engine/cluster.ts";
import type { PodInfo } from "./engine/pod-info.ts";
import { setMatcher } from "./engine/selector.ts";

/** The kinds that scheduling reads besides nodes, pods and budgets. */
export const readKinds = [
  CSINode,
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  ReplicaSet,
  ReplicationController,
  Service,
  StatefulSet,
  StorageClass,
] as const;

/** Answers the engine's questions from the caches. */
export function clusterObjects(cache: Cache): ClusterObjects {
  return {
    namespaceLabels: (name) => cache.get(Namespace, { name })?.metadata.labels,
    claim: (namespace, name) => cache.get(PersistentVolumeClaim, { namespace, name }),
    volume: (name) => cache.get(PersistentVolume, { name }),
    volumes: () => cache.informer(PersistentVolume).values(),
    storageClass: (name) => cache.get(StorageClass, { name }),
    csiNode: (name) => cache.get(CSINode, { name }),
    spreadingSelector: (pod) => spreadingSelector(pod, cache),
  };
}

/** All that the Services of a pod and its controller select by, together (scheduler `helper.DefaultSelector`). */
function spreadingSelector({ pod, namespace, labels }: PodInfo, cache: Cache): LabelSelector | undefined {
  const matchLabels: Record<string, string> = {};
  const matchExpressions: NonNullable<LabelSelector["matchExpressions"]> = [];
  for (const service of cache.list(Service, namespace)) {
    if (setMatcher(service.spec?.selector).matches(labels)) Object.assign(matchLabels, service.spec?.selector);
  }
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller);
  const key = owner && { namespace, name: owner.name };
  const add = (selector: LabelSelector | undefined) => {
    Object.assign(matchLabels, selector?.matchLabels);
    matchExpressions.push(...(selector?.matchExpressions ?? []));
  };
  if (key && owner.kind === "ReplicationController") {
    Object.assign(matchLabels, cache.get(ReplicationController, key)?.spec?.selector);
  } else if (key && owner.kind === "ReplicaSet") add(cache.get(ReplicaSet, key)?.spec?.selector);
  else if (key && owner.kind === "StatefulSet") add(cache.get(StatefulSet, key)?.spec?.selector);
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) return undefined;
  return { matchLabels, matchExpressions };
}
