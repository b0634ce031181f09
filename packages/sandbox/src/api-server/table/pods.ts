import type { Pod } from "@bellows/api";
import { columnsFormat, text, wide } from "./columns.ts";
import { ageOf } from "./human-duration.ts";
import type { RowCondition, TableFormat } from "./table.ts";

type ContainerStatus = NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number];
type Terminated = NonNullable<NonNullable<ContainerStatus["state"]>["terminated"]>;

/** What the READY, STATUS and RESTARTS columns tell of a pod. */
export interface PodSummary {
  readonly ready: number;
  readonly total: number;
  readonly reason: string;
  readonly restarts: number;
  /** When the last restarted container ended; undefined where none has. */
  readonly lastRestart: string | undefined;
}

const header = columnsFormat<Pod>([
  { name: "Name", format: "name", cell: () => null },
  text("Ready", () => null),
  text("Status", () => null),
  text("Restarts", () => null),
  text("Age", () => null),
  wide("IP", () => null),
  wide("Node", () => null),
  wide("Nominated Node", () => null),
  wide("Readiness Gates", () => null),
]);

export const podFormat: TableFormat<Pod> = {
  columns: header.columns,
  cells(pod, now) {
    const { ready, total, reason, restarts, lastRestart } = podSummary(pod);
    return [
      pod.metadata.name,
      `${ready}/${total}`,
      reason,
      restarts > 0 && lastRestart ? `${restarts} (${ageOf(lastRestart, now)} ago)` : String(restarts),
      ageOf(pod.metadata.creationTimestamp, now),
      pod.status?.podIPs?.[0]?.ip || "<none>",
      pod.spec?.nodeName || "<none>",
      pod.status?.nominatedNodeName || "<none>",
      readinessGates(pod),
    ];
  },
  conditions(pod) {
    if (pod.status?.phase === "Succeeded") return succeeded;
    return pod.status?.phase === "Failed" ? failed : undefined;
  },
};

const succeeded: readonly RowCondition[] = [
  { type: "Completed", status: "True", reason: "Succeeded", message: "The pod has completed successfully." },
];
const failed: readonly RowCondition[] = [
  { type: "Completed", status: "True", reason: "Failed", message: "The pod failed." },
];

/** A pod in the few words of `kubectl get pods` (`printPod` of Kubernetes 1.35). */
export function podSummary(pod: Pod): PodSummary {
  const status = pod.status ?? {};
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === "Always").map((c) => c.name),
  );
  const total = (pod.spec?.containers?.length ?? 0) + sidecars.size;
  const gated = status.conditions?.some((c) => c.type === "PodScheduled" && c.reason === "SchedulingGated");
  const outset = gated ? "SchedulingGated" : status.reason || status.phase || "";

  const init = initSummary(pod, sidecars);
  const initialized = status.conditions?.some((c) => c.type === "Initialized" && c.status === "True");
  const summary =
    init.reason !== undefined && !initialized
      ? { ready: init.ready, reason: init.reason, restarts: init.restarts, lastRestart: init.lastRestart }
      : mainSummary(pod, init, init.reason ?? outset);

  return { ...summary, total, reason: deletionReason(pod) ?? summary.reason };
}

interface InitSummary {
  ready: number;
  /** Set while initialization has not ended. */
  reason: string | undefined;
  restarts: number;
  lastRestart: string | undefined;
  sidecarRestarts: number;
  sidecarLastRestart: string | undefined;
}

function initSummary(pod: Pod, sidecars: ReadonlySet<string>): InitSummary {
  const summary: InitSummary = {
    ready: 0,
    reason: undefined,
    restarts: 0,
    lastRestart: undefined,
    sidecarRestarts: 0,
    sidecarLastRestart: undefined,
  };
  const count = pod.spec?.initContainers?.length ?? 0;
  for (const [index, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = sidecars.has(container.name);
    const ended = container.lastState?.terminated?.finishedAt;
    summary.restarts += container.restartCount ?? 0;
    summary.lastRestart = later(summary.lastRestart, ended);
    if (sidecar) {
      summary.sidecarRestarts += container.restartCount ?? 0;
      summary.sidecarLastRestart = later(summary.sidecarLastRestart, ended);
    }
    const { terminated, waiting } = container.state ?? {};
    if (terminated && (terminated.exitCode ?? 0) === 0) continue;
    if (sidecar && container.started) {
      if (container.ready) summary.ready++;
      continue;
    }
    if (terminated) summary.reason = `Init:${terminatedReason(terminated)}`;
    else if (waiting?.reason && waiting.reason !== "PodInitializing") summary.reason = `Init:${waiting.reason}`;
    else summary.reason = `Init:${index}/${count}`;
    break;
  }
  return summary;
}

function mainSummary(pod: Pod, init: InitSummary, outset: string): Omit<PodSummary, "total"> {
  let { ready, sidecarRestarts: restarts, sidecarLastRestart: lastRestart } = init;
  let reason = outset;
  let running = false;
  let failure = "";
  for (const container of (pod.status?.containerStatuses ?? []).toReversed()) {
    restarts += container.restartCount ?? 0;
    lastRestart = later(lastRestart, container.lastState?.terminated?.finishedAt);
    const state = container.state ?? {};
    if (state.waiting?.reason) {
      reason = state.waiting.reason;
    } else if (state.terminated) {
      reason = terminatedReason(state.terminated);
      if ((state.terminated.exitCode ?? 0) !== 0) failure = reason;
    } else if (container.ready && state.running) {
      running = true;
      ready++;
    }
  }
  if (reason === "Completed") {
    const podReady = pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True");
    if (running && podReady) reason = "Running";
    else if (failure) reason = failure;
    else if (running) reason = "NotReady";
  }
  return { ready, reason, restarts, lastRestart };
}

function terminatedReason(terminated: Terminated): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode ?? 0}`;
}

function deletionReason(pod: Pod): string | undefined {
  if (!pod.metadata.deletionTimestamp) return undefined;
  if (pod.status?.reason === "NodeLost") return "Unknown";
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed" ? undefined : "Terminating";
}

const later = (a: string | undefined, b: string | undefined) => (a === undefined || (b !== undefined && b > a) ? b : a);

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const met = gates.filter(
    (gate) => pod.status?.conditions?.find((c) => c.type === gate.conditionType)?.status === "True",
  );
  return `${met.length}/${gates.length}`;
}
