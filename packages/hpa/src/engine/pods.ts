import { milliOf, type Pod } from "@bellows/api";
import { instantOf, type Samples } from "./samples.ts";

/** How long a pod may be unready, or its samples untrustworthy, after it started: two flags of kube-controller-manager. */
export interface ReadinessDelays {
  readonly cpuInitializationPeriodMs: number;
  readonly initialReadinessDelayMs: number;
}

export interface GroupedPods {
  /** Pods whose samples count. */
  readonly readyCount: number;
  /** Pending, or still starting: idle when growing. */
  readonly unready: ReadonlySet<string>;
  /** No sample: idle when growing, at target when shrinking. */
  readonly missing: ReadonlySet<string>;
  /** Failed or going away: not counted at all. */
  readonly ignored: ReadonlySet<string>;
}

/** Sorts pods by what their samples are worth (kube-controller-manager `groupPods`, 1.35). */
export function groupPods(
  pods: readonly Pod[],
  samples: Samples,
  resource: string | undefined,
  delays: ReadinessDelays,
  now: number,
): GroupedPods {
  const unready = new Set<string>();
  const missing = new Set<string>();
  const ignored = new Set<string>();
  let readyCount = 0;
  for (const pod of pods) {
    const name = pod.metadata.name;
    const sample = samples.get(name);
    if (pod.metadata.deletionTimestamp || pod.status?.phase === "Failed") ignored.add(name);
    else if (pod.status?.phase === "Pending") unready.add(name);
    else if (!sample) missing.add(name);
    else if (resource === "cpu" && isStarting(pod, sample, delays, now)) unready.add(name);
    else readyCount++;
  }
  return { readyCount, unready, missing, ignored };
}

/** A starting pod burns CPU that says nothing about its load. */
function isStarting(pod: Pod, sample: { at: number; windowMs: number }, delays: ReadinessDelays, now: number): boolean {
  const ready = readyCondition(pod);
  const startedAt = pod.status?.startTime ? Date.parse(pod.status.startTime) : undefined;
  if (!ready || startedAt === undefined) return true;
  const turnedAt = () => instantOf(ready.lastTransitionTime);
  if (startedAt + delays.cpuInitializationPeriodMs > now) {
    return ready.status === "False" || sample.at < turnedAt() + sample.windowMs;
  }
  return ready.status === "False" && startedAt + delays.initialReadinessDelayMs > turnedAt();
}

const readyCondition = (pod: Pod) => pod.status?.conditions?.find((condition) => condition.type === "Ready");

/** Running and Ready, whatever is known of its use. */
export const isReady = (pod: Pod): boolean => pod.status?.phase === "Running" && readyCondition(pod)?.status === "True";

/** A problem of the pods' own manifest: no ratio can be made. */
export class MissingRequest extends Error {
  override readonly name = "MissingRequest";
}

/**
 * What each pod requests of a resource, in thousandths, by pod name: its pod-level request where it has one, else the
 * sum of its containers and sidecars; with `container`, only that one's.
 * @throws MissingRequest where a request that is needed is not set
 */
export function requestsOf(pods: readonly Pod[], resource: string, container?: string): Map<string, number> {
  const requests = new Map<string, number>();
  // The pods of a ReplicaSet mostly share their spec.
  let last: { readonly spec: Pod["spec"]; readonly request: number } | undefined;
  for (const pod of pods) {
    if (!last || last.spec !== pod.spec) last = { spec: pod.spec, request: requestOf(pod, resource, container) };
    requests.set(pod.metadata.name, last.request);
  }
  return requests;
}

const podLevelResources = new Set(["cpu", "memory"]);
const isPodLevelResource = (name: string) => podLevelResources.has(name) || name.startsWith("hugepages-");

function requestOf(pod: Pod, resource: string, container?: string): number {
  const name = pod.metadata.name;
  const spec = pod.spec;
  const podLevel = spec?.resources?.requests;
  if (container === undefined && podLevel && Object.keys(podLevel).some(isPodLevelResource)) {
    const request = podLevel[resource];
    if (request !== undefined) return milliOf(request);
    const ofContainers = requestOfContainers(pod, resource);
    if (ofContainers === undefined)
      throw new MissingRequest(`missing pod-level request for ${resource} in Pod ${name}`);
    return ofContainers;
  }
  let sum = 0;
  for (const each of sidecarsAndContainers(pod)) {
    if (container !== undefined && container !== each.name) continue;
    const request = each.resources?.requests?.[resource];
    if (request === undefined) {
      throw new MissingRequest(`missing request for ${resource} in container ${each.name} of Pod ${name}`);
    }
    sum += milliOf(request);
    if (container !== undefined) return sum;
  }
  if (container !== undefined) throw new MissingRequest(`container ${container} not found in Pod ${name}`);
  return sum;
}

/**
 * What the scheduler takes for the request of a pod's containers: their sum, or more where an init container asks for it.
 * Other resources are counted so even where the pod sets cpu or memory itself.
 * @returns undefined where none of them requests the resource
 */
function requestOfContainers(pod: Pod, resource: string): number | undefined {
  let starting: number | undefined;
  let sidecars = 0;
  for (const { restartPolicy, resources } of pod.spec?.initContainers ?? []) {
    const request = resources?.requests?.[resource];
    if (request === undefined) continue;
    if (restartPolicy === "Always") sidecars += milliOf(request);
    starting = Math.max(starting ?? 0, restartPolicy === "Always" ? sidecars : sidecars + milliOf(request));
  }
  const running = (pod.spec?.containers ?? []).flatMap(({ resources }) => resources?.requests?.[resource] ?? []);
  if (starting === undefined && running.length === 0) return undefined;
  return Math.max(
    starting ?? 0,
    running.reduce((sum, each) => sum + milliOf(each), sidecars),
  );
}

const sidecarsAndContainers = (pod: Pod) => [
  ...(pod.spec?.containers ?? []),
  ...(pod.spec?.initContainers ?? []).filter((each) => each.restartPolicy === "Always"),
];
