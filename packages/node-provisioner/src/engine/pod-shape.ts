import type {
  NodeSelectorTerm,
  Pod,
  PodAffinityTerm,
  PreferredSchedulingTerm,
  Toleration,
  TopologySpreadConstraint,
  WeightedPodAffinityTerm,
} from "@bellows/api";
import type { Amounts } from "@bellows/aws";
import { type HostPort, hostPorts } from "./host-ports.ts";
import { podRequests } from "./pod-requests.ts";
import type { Requirement, RequirementFields } from "./requirement.ts";
import { combined, type Requirements, requirementsOf, requirementsOfLabels } from "./requirements.ts";

/** What a pod asks for and would rather have; relaxing takes preferences away one by one. */
export interface PodWishes {
  /** Any of them must hold; the first is tried. */
  readonly requiredTerms: readonly NodeSelectorTerm[];
  /** By weight, greatest first, as are the two below. */
  readonly preferredTerms: readonly PreferredSchedulingTerm[];
  readonly preferredAffinity: readonly WeightedPodAffinityTerm[];
  readonly preferredAntiAffinity: readonly WeightedPodAffinityTerm[];
  readonly spread: readonly TopologySpreadConstraint[];
  readonly tolerations: readonly Toleration[];
}

/** A pod as far as scheduling looks at it. Pods of one workload share one shape. */
export interface PodShape {
  /** Equal for pods that no rule tells apart. */
  readonly key: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly requests: Amounts;
  readonly hostPorts: readonly HostPort[];
  readonly affinity: readonly PodAffinityTerm[];
  readonly antiAffinity: readonly PodAffinityTerm[];
  readonly wishes: PodWishes;
}

/** The part of the pod that {@link podShape} depends on, as a text. */
export function podShapeKey(pod: Pod): string {
  const spec = pod.spec;
  return JSON.stringify([
    pod.metadata.namespace,
    pod.metadata.labels,
    spec?.nodeSelector,
    spec?.affinity,
    spec?.tolerations,
    spec?.topologySpreadConstraints,
    spec?.overhead,
    spec?.resources,
    spec?.containers.map(({ resources, ports }) => [resources, ports]),
    spec?.initContainers?.map(({ resources, restartPolicy }) => [resources, restartPolicy]),
  ]);
}

export function podShape(pod: Pod, key = podShapeKey(pod)): PodShape {
  const { spec } = pod;
  const { nodeAffinity, podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  return {
    key,
    namespace: pod.metadata.namespace ?? "default",
    labels: pod.metadata.labels ?? {},
    nodeSelector: spec?.nodeSelector ?? {},
    requests: podRequests(pod),
    hostPorts: hostPorts(pod),
    affinity: podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
    antiAffinity: podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
    wishes: {
      requiredTerms: nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [],
      preferredTerms: byWeight(nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
      preferredAffinity: byWeight(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
      preferredAntiAffinity: byWeight(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
      spread: spec?.topologySpreadConstraints ?? [],
      tolerations: spec?.tolerations ?? [],
    },
  };
}

const byWeight = <T extends { weight: number }>(terms: readonly T[] = []): readonly T[] =>
  terms.toSorted((a, b) => b.weight - a.weight);

/** Without the preferences that the operator said to ignore. */
export function withoutPreferences(shape: PodShape): PodShape {
  const { wishes } = shape;
  const spread = wishes.spread.filter((constraint) => constraint.whenUnsatisfiable === "DoNotSchedule");
  return {
    ...shape,
    wishes: { ...wishes, preferredTerms: [], preferredAffinity: [], preferredAntiAffinity: [], spread },
  };
}

/**
 * The wishes with the first of what can be given up gone: a required node affinity term where there are others, preferred
 * pod affinity, preferred pod anti-affinity, preferred node affinity, a spread that is only wished for, and (where a pool
 * has such taints) intolerance of PreferNoSchedule. Undefined where nothing is left to give up.
 */
export function relaxed(wishes: PodWishes, toleratePreferNoSchedule: boolean): PodWishes | undefined {
  if (wishes.requiredTerms.length > 1) return { ...wishes, requiredTerms: wishes.requiredTerms.slice(1) };
  if (wishes.preferredAffinity.length > 0) return { ...wishes, preferredAffinity: wishes.preferredAffinity.slice(1) };
  if (wishes.preferredAntiAffinity.length > 0) {
    return { ...wishes, preferredAntiAffinity: wishes.preferredAntiAffinity.slice(1) };
  }
  if (wishes.preferredTerms.length > 0) return { ...wishes, preferredTerms: wishes.preferredTerms.slice(1) };
  const anyway = wishes.spread.findIndex((constraint) => constraint.whenUnsatisfiable === "ScheduleAnyway");
  if (anyway >= 0) return { ...wishes, spread: wishes.spread.toSpliced(anyway, 1) };
  if (!toleratePreferNoSchedule || wishes.tolerations.some(coversPreferNoSchedule)) return undefined;
  return { ...wishes, tolerations: [...wishes.tolerations, { operator: "Exists", effect: "PreferNoSchedule" }] };
}

const coversPreferNoSchedule = ({ key, operator, effect }: Toleration): boolean =>
  !key && operator === "Exists" && effect === "PreferNoSchedule";

/** What the pod must have of a node: its selector and the first of its required terms. */
export function strictRequirements(shape: PodShape, wishes: PodWishes): Requirements {
  return combined(requirementsOfLabels(shape.nodeSelector), termRequirements(wishes.requiredTerms[0]));
}

/** Those, and the preference of the most weight. */
export function wishedRequirements(shape: PodShape, wishes: PodWishes): Requirements {
  return combined(strictRequirements(shape, wishes), termRequirements(wishes.preferredTerms[0]?.preference));
}

export const termRequirements = (term: NodeSelectorTerm | undefined): Map<string, Requirement> =>
  requirementsOf((term?.matchExpressions ?? []) as readonly RequirementFields[]);
