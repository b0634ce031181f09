import { bytesOf, type Container, type LoadProfile, milliOf, type Node, type Pod, type Service } from "@bellows/api";
import { type Instant, parseTimestamp } from "@bellows/kube";
import { fractionOf } from "../kubelet/jitter.ts";
import { programOf } from "./container-program.ts";
import { type CpuDemand, shareCpu } from "./cpu-sharing.ts";
import { amountAt } from "./load-series.ts";
import { byAge, isTargeted } from "./load-target.ts";
import { containerStatus, isReady, runningContainers } from "./running.ts";
import { requestCostMs, type ServiceLoad, serviceLoad, servingContainer } from "./service-load.ts";

/** The world at an instant, as far as the use of resources depends on it. */
export interface UsageInput {
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
  readonly services: readonly Service[];
  readonly profiles: readonly LoadProfile[];
  readonly now: Instant;
}

export interface ContainerUsage {
  readonly name: string;
  readonly startedAt: Instant;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  /** What it wanted before limits and neighbours; above `cpuMillis` it is throttled. */
  readonly wantedCpuMillis: number;
  /** Its memory limit in bytes; undefined for none. */
  readonly memoryLimitBytes: number | undefined;
}

export interface PodUsage {
  readonly pod: Pod;
  readonly containers: readonly ContainerUsage[];
  /** Requests a second that reach it, and that it answers with the CPU it gets. */
  readonly requestsPerSecond: number;
}

const mib = 1024 ** 2;
/** A program of which nothing is known uses this share of its requests. */
const unknownCpuShare = 0.05;
const unknownMemoryShare = 0.6;
const unknownMemoryBytes = 24 * mib;
/** No two samples are alike: they stray by this share. */
const wobbleShare = 0.015;
const wobbleStepMs = 15_000;

/**
 * What every running container uses: by its image and command, by a LoadProfile, or by the annotations
 * `sandbox.bellows.dev/cpu` and `/memory`; within its limits, and within what its node has. A pure function of its input.
 * @returns by pod uid, only pods with a running container. O(pods), and O(pods) again for each Service under load
 */
export function computeUsage(input: UsageInput): ReadonlyMap<string, PodUsage> {
  const services = new Map(
    input.services.map((service) => [`${service.metadata.namespace}/${service.metadata.name}`, service]),
  );
  const serviceOf = (namespace: string, name: string) => services.get(`${namespace}/${name}`);
  const running = input.pods.filter((pod) => runningContainers(pod).length > 0);
  const load = serviceLoad(running, serviceOf);
  const profiles = profilesByPod(running, [...input.profiles].sort(byAge), serviceOf);
  const wanted = running.map((pod) => ({ pod, demands: demandsOf(pod, load, profiles.get(pod), input.now) }));

  const cores = new Map(input.nodes.map((node) => [node.metadata.name, milliOf(node.status?.capacity?.cpu ?? "0")]));
  const usage = new Map<string, PodUsage>();
  for (const [nodeName, onNode] of Map.groupBy(wanted, ({ pod }) => pod.spec?.nodeName ?? "")) {
    const all = onNode.flatMap(({ demands }) => demands);
    const got = shareCpu(all, cores.get(nodeName) || Number.POSITIVE_INFINITY);
    let index = 0;
    for (const { pod, demands } of onNode) {
      const containers = demands.map((demand): ContainerUsage => {
        const { name, wanted: wantedCpuMillis, startedAt, memoryBytes, memoryLimitBytes } = demand;
        return { name, startedAt, memoryBytes, memoryLimitBytes, wantedCpuMillis, cpuMillis: got[index++] ?? 0 };
      });
      const received = load.received.get(pod.metadata.uid ?? "") ?? 0;
      usage.set(pod.metadata.uid ?? "", { pod, containers, requestsPerSecond: received * servedShare(containers) });
    }
  }
  return usage;
}

interface ContainerDemand extends CpuDemand {
  readonly name: string;
  readonly startedAt: Instant;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number | undefined;
}

interface PodProfile {
  readonly profile: LoadProfile;
  /** Among how many pods a total is shared; 0 where this pod has no part in it. */
  readonly sharers: number;
}

function profilesByPod(
  pods: readonly Pod[],
  profiles: readonly LoadProfile[],
  serviceOf: (namespace: string, name: string) => Service | undefined,
): ReadonlyMap<Pod, readonly PodProfile[]> {
  const byPod = new Map<Pod, PodProfile[]>();
  for (const profile of profiles) {
    const targeted = pods.filter((pod) => isTargeted(profile, pod, serviceOf));
    const ready = targeted.filter(isReady);
    const total = profile.spec.share === "Total";
    const readyOnly = total || profile.spec.target.service !== undefined;
    for (const pod of targeted) {
      const takesPart = !readyOnly || ready.includes(pod);
      const known = byPod.get(pod) ?? [];
      known.push({ profile, sharers: takesPart ? (total ? ready.length : 1) : 0 });
      byPod.set(pod, known);
    }
  }
  return byPod;
}

function demandsOf(
  pod: Pod,
  load: ServiceLoad,
  profiles: readonly PodProfile[] | undefined,
  now: Instant,
): readonly ContainerDemand[] {
  const containers = runningContainers(pod);
  const server = servingContainer(pod);
  const uid = pod.metadata.uid ?? "";
  return containers.map((container) => {
    // After an in-place resize the status says what is in force.
    const status = containerStatus(pod, container.name);
    const resources = status?.resources ?? container.resources;
    const requests = container === server ? (load.received.get(uid) ?? 0) : 0;
    const amounts = programAmounts(
      container,
      requests * requestCostMs(pod),
      load.sent.get(`${uid}/${container.name}`) ?? 0,
    );
    const declared = declaredAmounts(pod, container.name);
    const profiled = profiledAmounts(profiles, container.name, containers.length, uid, now);
    const wobble = 1 + wobbleShare * (2 * fractionOf(`${uid}/${container.name}/${Math.floor(now / wobbleStepMs)}`) - 1);
    const limits = resources?.limits ?? {};
    return {
      name: container.name,
      startedAt: parseTimestamp(status?.state?.running?.startedAt) ?? now,
      wanted: profiled.cpuMillis ?? (declared.cpuMillis ?? amounts.cpuMillis) * wobble,
      limit: limits.cpu === undefined ? Number.POSITIVE_INFINITY : milliOf(limits.cpu),
      request: milliOf(resources?.requests?.cpu ?? "0"),
      memoryBytes: Math.round(
        profiled.memoryBytes ?? (declared.memoryBytes ?? amounts.memoryBytes) * (1 + (wobble - 1) / 3),
      ),
      memoryLimitBytes: limits.memory === undefined ? undefined : bytesOf(limits.memory),
    };
  });
}

interface ProgramAmounts {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

/** What the program uses by itself, with `servedMillis` for requests that reach it and `sentPerSecond` that it sends. */
function programAmounts(container: Container, servedMillis: number, sentPerSecond: number): ProgramAmounts {
  const { load } = programOf(container);
  switch (load.kind) {
    case "idle":
    case "burn":
      return { cpuMillis: load.cpuMillis + servedMillis, memoryBytes: load.memoryBytes };
    case "server":
      // Workers that are busy keep a little more memory.
      return {
        cpuMillis: load.cpuMillis + servedMillis,
        memoryBytes: load.memoryBytes + Math.min(1, servedMillis / 500) * 3 * mib,
      };
    case "generator":
      return { cpuMillis: sentPerSecond * load.cpuMsPerRequest, memoryBytes: load.memoryBytes };
    case "unknown": {
      const { cpu = "0", memory } = container.resources?.requests ?? {};
      const memoryBytes = memory === undefined ? unknownMemoryBytes : bytesOf(memory) * unknownMemoryShare;
      return { cpuMillis: Math.max(1, milliOf(cpu) * unknownCpuShare) + servedMillis, memoryBytes };
    }
  }
}

/** The annotations `sandbox.bellows.dev/cpu` and `sandbox.bellows.dev/memory`, for all containers or `.<container>`. */
function declaredAmounts(pod: Pod, container: string): Partial<ProgramAmounts> {
  const annotations = pod.metadata.annotations;
  if (!annotations) return {};
  const read = (name: string, parse: (text: string) => number): number | undefined => {
    const text = annotations[`sandbox.bellows.dev/${name}.${container}`] ?? annotations[`sandbox.bellows.dev/${name}`];
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch {
      return undefined; // no quantity: the pod behaves as if it were not there
    }
  };
  const cpuMillis = read("cpu", milliOf);
  const memoryBytes = read("memory", bytesOf);
  return { ...(cpuMillis !== undefined && { cpuMillis }), ...(memoryBytes !== undefined && { memoryBytes }) };
}

function profiledAmounts(
  profiles: readonly PodProfile[] | undefined,
  container: string,
  containers: number,
  uid: string,
  now: Instant,
): { readonly cpuMillis?: number; readonly memoryBytes?: number } {
  const amounts: { cpuMillis?: number; memoryBytes?: number } = {};
  for (const { profile, sharers } of profiles ?? []) {
    const { spec, metadata } = profile;
    if (spec.container !== undefined && spec.container !== container) continue;
    const startAt = parseTimestamp(spec.startAt ?? metadata.creationTimestamp) ?? 0;
    const part = sharers === 0 ? 0 : 1 / sharers / (spec.container === undefined ? containers : 1);
    // A series that cannot be read (an unknown time zone) is reported in the profile's status; here it counts for nothing.
    if (seriesProblem(profile, now) !== undefined) continue;
    if (spec.cpu) amounts.cpuMillis ??= part * amountAt(spec.cpu, startAt, now, milliOf, `${uid}/cpu`);
    if (spec.memory) amounts.memoryBytes ??= part * amountAt(spec.memory, startAt, now, bytesOf, `${uid}/memory`);
  }
  return amounts;
}

const problems = new WeakMap<LoadProfile, { readonly problem: string | undefined }>();

/** Why the series of a profile cannot be read: `spec.cpu: ...`; undefined where they can. */
export function seriesProblem(profile: LoadProfile, now: Instant): string | undefined {
  const known = problems.get(profile);
  if (known) return known.problem;
  let problem: string | undefined;
  for (const [field, read] of [
    ["cpu", milliOf],
    ["memory", bytesOf],
  ] as const) {
    const series = profile.spec[field];
    try {
      if (series) amountAt(series, now, now, read);
    } catch (error) {
      problem ??= `spec.${field}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  problems.set(profile, { problem });
  return problem;
}

/** The share of the wanted CPU that a pod got. */
function servedShare(containers: readonly ContainerUsage[]): number {
  const wanted = containers.reduce((sum, { wantedCpuMillis }) => sum + wantedCpuMillis, 0);
  const got = containers.reduce((sum, { cpuMillis }) => sum + cpuMillis, 0);
  return wanted > 0 ? got / wanted : 1;
}
