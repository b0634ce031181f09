import {
  bytesOf,
  type Event,
  type HorizontalPodAutoscaler,
  isConditionTrue,
  milliOf,
  type Node,
  type Pod,
} from "@bellows/api";
import { instanceTypeOf, spotUsdPerHour } from "@bellows/aws";
import type { Instant } from "@bellows/kube";

/** The objects that the page is made from. */
export interface ClusterObjects {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly autoscalers: readonly HorizontalPodAutoscaler[];
  readonly events: readonly Event[];
}

export interface PodTile {
  readonly namespace: string;
  readonly name: string;
  readonly state: "running" | "starting" | "leaving" | "failed" | "done";
}

export interface NodeCard {
  readonly name: string;
  readonly state: "Ready" | "NotReady" | "Cordoned";
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: string;
  /** The NodePool or node group that it belongs to. */
  readonly group: string;
  /** Undefined for a type without a known price. */
  readonly usdPerHour: number | undefined;
  /** Requested share of what pods can have, 0 to 1. */
  readonly cpu: number;
  readonly memory: number;
  readonly pods: readonly PodTile[];
}

export interface AutoscalerRow {
  readonly name: string;
  readonly target: string;
  readonly metric: string;
  readonly current: number;
  readonly desired: number;
  readonly range: string;
  /** The condition that says most about what it does now. */
  readonly why: string;
}

export interface DecisionRow {
  readonly at: string;
  readonly object: string;
  readonly reason: string;
  readonly message: string;
}

/** What the page shows, in the order in which it shows it. */
export interface Overview {
  readonly at: Instant;
  readonly usdPerHour: number;
  readonly nodes: readonly NodeCard[];
  readonly pending: readonly PodTile[];
  readonly podCount: number;
  readonly autoscalers: readonly AutoscalerRow[];
  readonly decisions: readonly DecisionRow[];
}

const shownDecisions = 30;

/** Sorts objects into what the page shows. Pure; O(pods). */
export function overviewOf({ nodes, pods, autoscalers, events }: ClusterObjects, at: Instant): Overview {
  const podsByNode = Map.groupBy(pods, (pod) => pod.spec?.nodeName ?? "");
  const cards = nodes.map((node) => nodeCard(node, podsByNode.get(node.metadata.name) ?? [])).sort(byGroupAndName);
  return {
    at,
    usdPerHour: cards.reduce((sum, card) => sum + (card.usdPerHour ?? 0), 0),
    nodes: cards,
    pending: (podsByNode.get("") ?? []).filter((pod) => pod.status?.phase === "Pending").map(podTile),
    podCount: pods.length,
    autoscalers: autoscalers.map(autoscalerRow).sort((a, b) => (a.name < b.name ? -1 : 1)),
    decisions: decisionsOf(events),
  };
}

const byGroupAndName = (a: NodeCard, b: NodeCard) => (`${a.group}/${a.name}` < `${b.group}/${b.name}` ? -1 : 1);

function nodeCard(node: Node, pods: readonly Pod[]): NodeCard {
  const labels = node.metadata.labels ?? {};
  const instanceType = labels["node.kubernetes.io/instance-type"] ?? "unknown";
  const zone = labels["topology.kubernetes.io/zone"] ?? "";
  const capacityType = (labels["karpenter.sh/capacity-type"] ?? labels["eks.amazonaws.com/capacityType"] ?? "on-demand")
    .toLowerCase()
    .replace("_", "-");
  const active = pods.filter((pod) => pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed");
  const requested = (resource: string, read: (text: string) => number) =>
    active
      .flatMap((pod) => pod.spec?.containers ?? [])
      .reduce((sum, { resources }) => sum + read(resources?.requests?.[resource] ?? "0"), 0);
  const share = (resource: string, read: (text: string) => number) => {
    const whole = read(node.status?.allocatable?.[resource] ?? "0");
    return whole === 0 ? 0 : requested(resource, read) / whole;
  };
  return {
    name: node.metadata.name,
    state: node.spec?.unschedulable
      ? "Cordoned"
      : isConditionTrue(node.status?.conditions, "Ready")
        ? "Ready"
        : "NotReady",
    instanceType,
    zone,
    capacityType,
    group: labels["karpenter.sh/nodepool"] ?? labels["eks.amazonaws.com/nodegroup"] ?? "",
    usdPerHour: priceOf(instanceType, zone, capacityType),
    cpu: share("cpu", milliOf),
    memory: share("memory", bytesOf),
    pods: pods.map(podTile),
  };
}

function priceOf(instanceType: string, zone: string, capacityType: string): number | undefined {
  const entry = instanceTypeOf(instanceType);
  if (!entry) return undefined;
  return capacityType === "spot" ? spotUsdPerHour(entry, zone) : entry.onDemandUsdPerHour;
}

function podTile({ metadata, status }: Pod): PodTile {
  const tile = { namespace: metadata.namespace ?? "", name: metadata.name };
  if (metadata.deletionTimestamp) return { ...tile, state: "leaving" };
  if (status?.phase === "Failed") return { ...tile, state: "failed" };
  if (status?.phase === "Succeeded") return { ...tile, state: "done" };
  return { ...tile, state: isConditionTrue(status?.conditions, "Ready") ? "running" : "starting" };
}

function autoscalerRow({ metadata, spec, status }: HorizontalPodAutoscaler): AutoscalerRow {
  const { kind = "", name = "" } = spec?.scaleTargetRef ?? {};
  return {
    name: `${metadata.namespace}/${metadata.name}`,
    target: `${kind}/${name}`,
    metric: metricText(spec?.metrics?.[0], status?.currentMetrics?.[0]),
    current: status?.currentReplicas ?? 0,
    desired: status?.desiredReplicas ?? 0,
    range: `${spec?.minReplicas ?? 1}-${spec?.maxReplicas ?? ""}`,
    why: reasonOf(status?.conditions ?? []),
  };
}

type MetricSpec = NonNullable<NonNullable<HorizontalPodAutoscaler["spec"]>["metrics"]>[number];
type MetricStatus = NonNullable<NonNullable<HorizontalPodAutoscaler["status"]>["currentMetrics"]>[number];

function metricText(spec: MetricSpec | undefined, status: MetricStatus | undefined): string {
  const source = spec?.resource ?? spec?.containerResource;
  if (!spec || !source) return spec?.type ?? "";
  const current = (status?.resource ?? status?.containerResource)?.current;
  const { averageUtilization, averageValue } = source.target;
  if (averageUtilization === undefined) return `${source.name} ${current?.averageValue ?? "?"} of ${averageValue}`;
  return `${source.name} ${current?.averageUtilization ?? "?"} % of ${averageUtilization} %`;
}

interface ConditionLike {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

function reasonOf(conditions: readonly ConditionLike[]): string {
  const of = (type: string) => conditions.find((condition) => condition.type === type);
  const telling =
    [of("AbleToScale"), of("ScalingActive")].find((condition) => condition?.status === "False") ??
    (of("ScalingLimited")?.status === "True" ? of("ScalingLimited") : of("AbleToScale"));
  return telling ? `${telling.reason}: ${telling.message}` : "";
}

const isDecision = /autoscaler|karpenter|provision|disruption|deployment-controller/;

function decisionsOf(events: readonly Event[]): DecisionRow[] {
  const at = (event: Event) => event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? "";
  return events
    .filter((event) => isDecision.test(event.source?.component ?? event.reportingComponent ?? ""))
    .sort((a, b) => (at(a) === at(b) ? 0 : at(a) < at(b) ? 1 : -1))
    .slice(0, shownDecisions)
    .map((event) => ({
      at: at(event).slice(11, 19),
      object: `${event.involvedObject.kind?.toLowerCase()}/${event.involvedObject.name}`,
      reason: event.reason ?? "",
      message: event.message ?? "",
    }));
}
