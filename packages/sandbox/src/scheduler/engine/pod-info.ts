import type { Labels, Pod, PodAffinityTerm, WeightedPodAffinityTerm } from "@bellows/api";
import { type Amounts, podRequests } from "./pod-resources.ts";
import { type Matcher, matcherOf } from "./selector.ts";

/** One term of inter-pod affinity, ready to be matched. */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly selector: Matcher;
  readonly namespaces: ReadonlySet<string>;
  /** Selects namespaces by their labels; undefined where only `namespaces` count. */
  readonly namespaceSelector: Matcher | undefined;
  /** 0 for a required term. */
  readonly weight: number;
}

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** A pod with all that scheduling asks of it worked out once for each version. */
export interface PodInfo {
  readonly pod: Pod;
  readonly uid: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly priority: number;
  readonly requests: Amounts;
  /** Requests where each container counts at least what scoring assumes. */
  readonly scoredRequests: Amounts;
  readonly ports: readonly HostPort[];
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly AffinityTerm[];
  readonly preferredAntiAffinity: readonly AffinityTerm[];
  readonly terminating: boolean;
}

function term(pod: Pod, source: PodAffinityTerm, weight: number): AffinityTerm {
  const labels = pod.metadata.labels ?? {};
  const extra = [
    ...(source.matchLabelKeys ?? []).map((key) => ({ key, operator: "In" })),
    ...(source.mismatchLabelKeys ?? []).map((key) => ({ key, operator: "NotIn" })),
  ]
    .filter(({ key }) => Object.hasOwn(labels, key))
    .map(({ key, operator }) => ({ key, operator, values: [labels[key] as string] }));
  // The API server has merged these keys into the selector at creation; doing it again changes nothing.
  const selector = source.labelSelector && {
    ...source.labelSelector,
    matchExpressions: [...(source.labelSelector.matchExpressions ?? []), ...extra],
  };
  const named = source.namespaces ?? [];
  const own = named.length === 0 && !source.namespaceSelector ? [pod.metadata.namespace ?? ""] : named;
  return {
    topologyKey: source.topologyKey,
    selector: matcherOf(selector),
    namespaces: new Set(own),
    namespaceSelector: source.namespaceSelector && matcherOf(source.namespaceSelector),
    weight,
  };
}

const required = (pod: Pod, terms: readonly PodAffinityTerm[] = []) => terms.map((each) => term(pod, each, 0));
const preferred = (pod: Pod, terms: readonly WeightedPodAffinityTerm[] = []) =>
  terms.map((each) => term(pod, each.podAffinityTerm, each.weight));

function hostPorts(pod: Pod): HostPort[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  return [...(pod.spec?.containers ?? []), ...sidecars].flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => (port.hostPort ?? 0) > 0)
      .map((port) => ({
        ip: port.hostIP || "0.0.0.0",
        protocol: port.protocol ?? "TCP",
        port: port.hostPort as number,
      })),
  );
}

export function podInfo(pod: Pod): PodInfo {
  const affinity = pod.spec?.affinity;
  return {
    pod,
    uid: pod.metadata.uid ?? `${pod.metadata.namespace}/${pod.metadata.name}`,
    namespace: pod.metadata.namespace ?? "",
    labels: pod.metadata.labels ?? {},
    priority: pod.spec?.priority ?? 0,
    requests: podRequests(pod),
    scoredRequests: podRequests(pod, true),
    ports: hostPorts(pod),
    requiredAffinity: required(pod, affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: required(pod, affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: preferred(pod, affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: preferred(pod, affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    terminating: pod.metadata.deletionTimestamp !== undefined,
  };
}

/** Whether `term` speaks of `pod`: its namespace and its labels. `namespaceLabels` gives the labels of a namespace. */
export function termMatches(
  { namespaces, namespaceSelector, selector }: AffinityTerm,
  { namespace, labels }: Pick<PodInfo, "namespace" | "labels">,
  namespaceLabels: (namespace: string) => Labels | undefined,
): boolean {
  const named = namespaces.has(namespace) || namespaceSelector?.matches(namespaceLabels(namespace));
  return Boolean(named) && selector.matches(labels);
}
