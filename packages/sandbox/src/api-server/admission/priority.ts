import type { Pod, PriorityClass } from "@bellows/api";
import {
  type AdmissionPlugin,
  type AdmissionRequest,
  type AdmissionWorld,
  isFor,
  refuse,
  typed,
  untyped,
} from "./admission-request.ts";

const place = "scheduling.k8s.io/priorityclasses";

/** Resolves the priority class of a pod, and keeps one default class. */
export const priorityAdmission: AdmissionPlugin = {
  name: "Priority",
  mutate(request, world) {
    if (!isFor(request, "/pods") || !request.object) return request.object;
    const pod = typed<Pod>(request.object);
    if (!pod.spec) return request.object;
    if (request.operation === "CREATE") return untyped(withPriority(request, pod, world));
    if (request.operation !== "UPDATE") return request.object;
    const before = typed<Pod>(request.old).spec;
    const { priority = before?.priority, preemptionPolicy = before?.preemptionPolicy } = pod.spec;
    if (priority === pod.spec.priority && preemptionPolicy === pod.spec.preemptionPolicy) return request.object;
    return untyped({
      ...pod,
      spec: {
        ...pod.spec,
        ...(priority !== undefined && { priority }),
        ...(preemptionPolicy !== undefined && { preemptionPolicy }),
      },
    });
  },
  validate(request, world) {
    if (!isFor(request, place) || !request.object) return;
    const own = typed<PriorityClass>(request.object);
    if (!own.globalDefault) return;
    const other = defaultClass(world);
    if (other && (request.operation === "CREATE" || other.metadata.name !== own.metadata.name))
      throw refuse(
        request,
        `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`,
      );
  },
};

function withPriority(request: AdmissionRequest, pod: Pod, world: AdmissionWorld): Pod {
  const spec = pod.spec as NonNullable<Pod["spec"]>;
  const named = spec.priorityClassName ? world.get(place, undefined, spec.priorityClassName) : undefined;
  if (spec.priorityClassName && !named)
    throw refuse(request, `no PriorityClass with name ${spec.priorityClassName} was found`);
  const chosen = named ? typed<PriorityClass>(named) : defaultClass(world);
  const priority = chosen?.value ?? 0;
  const preemptionPolicy = chosen ? chosen.preemptionPolicy : "PreemptLowerPriority";
  if (spec.priority !== undefined && spec.priority !== priority)
    throw refuse(
      request,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    );
  if (preemptionPolicy && spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy)
    throw refuse(
      request,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`,
    );
  return {
    ...pod,
    spec: {
      ...spec,
      ...(chosen && { priorityClassName: chosen.metadata.name }),
      priority,
      ...(preemptionPolicy && { preemptionPolicy }),
    },
  };
}

/** The lowest of the classes marked as default, should there be several. */
function defaultClass(world: AdmissionWorld): PriorityClass | undefined {
  return world
    .list(place)
    .map((object) => typed<PriorityClass>(object))
    .filter((one) => one.globalDefault)
    .sort((a, b) => a.value - b.value)[0];
}

/** The classes that every cluster has. */
export const systemPriorityClasses: readonly PriorityClass[] = [
  {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name: "system-node-critical" },
    value: 2000001000,
    description: "Used for system critical pods that must not be moved from their current node.",
    preemptionPolicy: "PreemptLowerPriority",
  },
  {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name: "system-cluster-critical" },
    value: 2000000000,
    description:
      "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    preemptionPolicy: "PreemptLowerPriority",
  },
];
