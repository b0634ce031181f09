import { Deployment, Job, type Pod, type PodTemplateSpec, ReplicaSet, StatefulSet } from "@bellows/api";
import type { ControllerContext, Instant } from "@bellows/kube";
import { controllerOf, type Indexes } from "../cluster/indexes.ts";

type Cache = ControllerContext["cache"];
type Workload = Deployment | StatefulSet | Job;

/** How long after a change a workload's missing pods are believed in: a quota may keep them from ever being made. */
const believedForMs = 30_000;
/** Pods of one workload that are foreseen at most. */
const maxForeseen = 1_000;

const uidPrefix = "feed-forward/";

/** Workloads that lately asked for more pods than they have: what is about to be Pending. */
export class FeedForward {
  readonly #candidates = new Map<string, { kind: "Deployment" | "StatefulSet" | "Job"; key: string; since: Instant }>();
  readonly #generations = new Map<string, number>();

  /** @returns whether the workload may be short of pods, and a look is due */
  changed(kind: "Deployment" | "StatefulSet" | "Job", workload: Workload, now: Instant): boolean {
    const { uid = "", namespace = "", name, generation = 0 } = workload.metadata;
    if (this.#generations.get(uid) === generation) return false;
    this.#generations.set(uid, generation);
    if (workload.metadata.deletionTimestamp || replicasOf(workload) === 0) return false;
    this.#candidates.set(uid, { kind, key: `${namespace}/${name}`, since: now });
    return true;
  }

  forget(uid: string): void {
    this.#candidates.delete(uid);
    this.#generations.delete(uid);
  }

  /** The pods that workloads lack, as they will be made. */
  missingPods(cache: Cache, indexes: Indexes, now: Instant): Pod[] {
    const pods: Pod[] = [];
    for (const [uid, { kind, key, since }] of this.#candidates) {
      const [namespace = "", name = ""] = key.split("/");
      const workload = cache.get(kinds[kind] as typeof Deployment, { namespace, name }) as Workload | undefined;
      if (!workload || workload.metadata.uid !== uid || now - since > believedForMs) {
        this.#candidates.delete(uid);
        continue;
      }
      const missing = Math.min(replicasOf(workload) - activePods(cache, indexes, kind, workload), maxForeseen);
      const template = workload.spec?.template;
      for (let index = 0; template && index < missing; index++) pods.push(foreseenPod(workload, template, index));
    }
    return pods;
  }
}

const kinds = { Deployment, StatefulSet, Job } as const;

const replicasOf = ({ spec }: Workload): number => {
  if (!spec) return 0;
  if ("replicas" in spec) return spec.replicas ?? 1;
  return "parallelism" in spec && !spec.suspend ? (spec.parallelism ?? 1) : 0;
};

function activePods(cache: Cache, indexes: Indexes, kind: string, workload: Workload): number {
  const { uid = "", namespace = "" } = workload.metadata;
  if (kind !== "Deployment") return indexes.activePodsOf(uid).size;
  return cache
    .list(ReplicaSet, namespace)
    .filter((set) => controllerOf(set)?.uid === uid)
    .reduce((count, set) => count + indexes.activePodsOf(set.metadata.uid ?? "").size, 0);
}

function foreseenPod({ metadata }: Workload, template: PodTemplateSpec, index: number): Pod {
  return {
    metadata: {
      name: `${metadata.name}-${index}`,
      namespace: metadata.namespace ?? "default",
      uid: `${uidPrefix}${metadata.uid}/${index}`,
      labels: template.metadata?.labels ?? {},
      annotations: template.metadata?.annotations ?? {},
    },
    ...(template.spec && { spec: template.spec }),
    status: { phase: "Pending" },
  };
}

export const isForeseen = ({ metadata }: Pod): boolean => metadata.uid?.startsWith(uidPrefix) ?? false;

/** The uid of the workload at the root of a pod: of its Deployment where a ReplicaSet has one. */
export function workloadUid(cache: Cache, pod: Pod): string | undefined {
  const owner = controllerOf(pod);
  if (!owner) return undefined;
  if (owner.kind !== "ReplicaSet") return owner.uid;
  const set = cache.get(ReplicaSet, { namespace: pod.metadata.namespace ?? "default", name: owner.name });
  return controllerOf(set)?.uid ?? owner.uid;
}

/** Whether a nomination of that uid was for a pod of the workload that had not been made yet. */
export const isForeseenOf = (uid: string, workload: string): boolean => uid.startsWith(`${uidPrefix}${workload}/`);
