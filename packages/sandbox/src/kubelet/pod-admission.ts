import { type Node, type Pod, requiredNodeAffinity, untoleratedTaint } from "@bellows/api";
import { type Amounts, amountsOf } from "@bellows/aws";

/** Why a pod cannot run on a node: what the kubelet writes into the pod's status. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** What a pod asks for in all: the scheduler's rule, with init containers, sidecars and overhead. */
export function podRequests(pod: Pod): Amounts {
  const spec = pod.spec;
  const total: Record<string, number> = {};
  const add = (to: Record<string, number>, amounts: Amounts) => {
    for (const [resource, amount] of Object.entries(amounts)) to[resource] = (to[resource] ?? 0) + amount;
  };
  for (const container of spec?.containers ?? []) add(total, amountsOf(container.resources?.requests));

  // An init container runs alone but for the sidecars started before it.
  const sidecars: Record<string, number> = {};
  const initPeak: Record<string, number> = {};
  for (const container of spec?.initContainers ?? []) {
    const requests = amountsOf(container.resources?.requests);
    if (container.restartPolicy === "Always") add(sidecars, requests);
    const during = container.restartPolicy === "Always" ? { ...sidecars } : sumOf(sidecars, requests);
    for (const [resource, amount] of Object.entries(during))
      initPeak[resource] = Math.max(initPeak[resource] ?? 0, amount);
  }
  add(total, sidecars);
  for (const [resource, amount] of Object.entries(initPeak)) total[resource] = Math.max(total[resource] ?? 0, amount);

  // Requests of the pod as a whole take the place of the containers' for the resources they name.
  Object.assign(total, amountsOf(spec?.resources?.requests));
  add(total, amountsOf(spec?.overhead));
  return total;
}

function sumOf(left: Amounts, right: Amounts): Amounts {
  const total: Record<string, number> = { ...left };
  for (const [resource, amount] of Object.entries(right)) total[resource] = (total[resource] ?? 0) + amount;
  return total;
}

/**
 * The kubelet's own check before it starts a pod (`pkg/kubelet/lifecycle/predicate.go`, 1.35): resources first, in the
 * order CPU, memory, storage, others; then node affinity and taints.
 * @param used   requests of the pods that run on the node already
 * @param count  how many they are
 */
export function admit(pod: Pod, node: Node, allocatable: Amounts, used: Amounts, count: number): Refusal | undefined {
  const refusal = admitResources(podRequests(pod), allocatable, used, count);
  if (refusal) return refusal;
  if (!requiredNodeAffinity(pod.spec ?? {})(node))
    return predicate("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
  const noExecute = (node.spec?.taints ?? []).filter((taint) => taint.effect === "NoExecute");
  const untolerated = untoleratedTaint(noExecute, pod.spec?.tolerations);
  // A static pod is the node's own.
  if (untolerated && !pod.metadata.annotations?.["kubernetes.io/config.source"]) {
    return predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate");
  }
  return undefined;
}

/** Only the resources: also what decides whether a resize fits now. */
export function admitResources(
  requests: Amounts,
  allocatable: Amounts,
  used: Amounts,
  count: number,
): Refusal | undefined {
  const pods = allocatable.pods ?? 0;
  if (count + 1 > pods) return insufficient("pods", 1, count, pods);
  for (const resource of order(requests)) {
    const requested = requests[resource] ?? 0;
    if (requested === 0) continue;
    const has = allocatable[resource] ?? 0;
    const taken = used[resource] ?? 0;
    if (requested > has - taken) return insufficient(resource, requested, taken, has);
  }
  return undefined;
}

const firstResources = ["cpu", "memory", "ephemeral-storage"];
const order = (amounts: Amounts): readonly string[] => [
  ...firstResources.filter((resource) => resource in amounts),
  ...Object.keys(amounts)
    .filter((resource) => !firstResources.includes(resource))
    .sort(),
];

const predicate = (name: string, why: string): Refusal => ({
  reason: name,
  message: `Predicate ${name} failed: ${why}`,
});

/** Integers as the kubelet prints them: CPU in millis, everything else in units. */
const insufficient = (resource: string, requested: number, used: number, capacity: number): Refusal => ({
  reason: `OutOf${resource}`,
  message: `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
});
