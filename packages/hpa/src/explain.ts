import {
  type Decision,
  type DecisionSubject,
  decision,
  type HorizontalPodAutoscaler,
  type MetricSpec,
  type MetricStatus,
  quantityOf,
} from "@bellows/api";
import type { HpaConclusion } from "./engine/conclude.ts";
import type { HpaDecision, MetricProposal, Seen } from "./engine/decide.ts";

/** One metric of a decision, as it was read. */
export interface SeenMetric {
  readonly type: string;
  /** `cpu`, `cpu of container main`, or the metric's own name. */
  readonly name: string;
  readonly current?: string;
  readonly target?: string;
  /** The replicas it asks for. */
  readonly replicas?: number;
  /** It is close enough to its target for nothing to change. */
  readonly isTolerated?: true;
}

export interface HpaSeen {
  readonly replicas: number;
  readonly pods: number;
  /** The target replaces its pods: an old one and its successor count as one replica. */
  readonly isRollingOut?: true;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly metrics: readonly SeenMetric[];
  /** Why no count, or only one by some of the metrics, could be made. */
  readonly error?: string;
}

export type HpaRecord = Decision<HpaSeen, { readonly replicas: number; readonly reason: string }>;

/**
 * The record of one sync: inputs, the replicas of each metric, and the limits that changed the result.
 * @param subject  what was scaled by: the autoscaler, or what stands for one
 */
export function recordOf(
  hpa: HorizontalPodAutoscaler,
  made: HpaDecision,
  conclusion: HpaConclusion,
  { pods, isRollingOut }: Pick<Seen, "pods" | "isRollingOut">,
  at: number,
  validUntil: number,
  subject: DecisionSubject = subjectOf(hpa),
): HpaRecord {
  const { metadata, spec } = hpa;
  const metrics = (spec?.metrics ?? []).map((metric, index) =>
    seenMetric(metric, made.metricStatuses?.[index], made.proposals[index]),
  );
  const rescaled = conclusion.events.some(({ reason }) => reason === "SuccessfulRescale");
  return decision({
    subject,
    generation: metadata.generation,
    at,
    validUntil,
    seen: {
      replicas: made.currentReplicas,
      pods: pods.length,
      ...(isRollingOut && { isRollingOut }),
      minReplicas: spec?.minReplicas ?? 1,
      maxReplicas: spec?.maxReplicas ?? 0,
      metrics,
      ...(conclusion.error !== undefined && { error: conclusion.error }),
    },
    computed: metrics.map((metric) => stepOf(metric, pods.length, isRollingOut ?? false)),
    limits: made.limits,
    ...(rescaled && { action: { replicas: made.rescaleTo as number, reason: made.rescaleReason } }),
  });
}

/** `cpu 70 % of 50 % over 3 pods -> 5`; a value of no pod is over none. */
function stepOf(metric: SeenMetric, pods: number, isRollingOut: boolean): string {
  const { type, name, current = "unknown", target, replicas, isTolerated } = metric;
  const value = target === undefined ? current : `${current} of ${target}`;
  const over = ` over ${pods} ${pods === 1 ? "pod" : "pods"}${isRollingOut ? " in a rollout" : ""}`;
  const asks =
    replicas === undefined
      ? "no count"
      : `${replicas}${isTolerated && current !== target ? ", within the tolerance" : ""}`;
  return `${name} ${value}${type === "External" || type === "Object" ? "" : over} -> ${asks}`;
}

const subjectOf = ({ apiVersion = "autoscaling/v2", metadata }: HorizontalPodAutoscaler): DecisionSubject => ({
  apiVersion,
  kind: "HorizontalPodAutoscaler",
  name: metadata.name,
  ...(metadata.namespace && { namespace: metadata.namespace }),
  ...(metadata.uid && { uid: metadata.uid }),
});

/** The fields that metrics of every type have, by the type's own key. */
interface Shape {
  readonly name?: string;
  readonly container?: string;
  readonly metric?: { readonly name: string };
  readonly target?: Value;
  readonly current?: Value;
}

interface Value {
  readonly averageUtilization?: number;
  readonly averageValue?: string;
  readonly value?: string;
}

const keys: Readonly<Record<string, "resource" | "containerResource" | "pods" | "object" | "external">> = {
  Resource: "resource",
  ContainerResource: "containerResource",
  Pods: "pods",
  Object: "object",
  External: "external",
};

function seenMetric(
  spec: MetricSpec,
  status: MetricStatus | undefined,
  { replicas, isTolerated }: Partial<MetricProposal> = {},
): SeenMetric {
  const key = keys[spec.type];
  const asked: Shape = (key && spec[key]) ?? {};
  const found: Shape = (key && status?.[key]) ?? {};
  const field = fields.find((each) => asked.target?.[each] !== undefined);
  const plain = asked.name ?? asked.metric?.name ?? spec.type;
  const target = shown(asked.target, field);
  const current = shown(found.current, field);
  return {
    type: spec.type,
    name: asked.container === undefined ? plain : `${plain} of container ${asked.container}`,
    ...(current !== undefined && { current }),
    ...(target !== undefined && { target }),
    ...(replicas !== undefined && { replicas }),
    ...(isTolerated && { isTolerated }),
  };
}

const fields = ["averageUtilization", "averageValue", "value"] as const;

function shown(value: Value | undefined, field: (typeof fields)[number] | undefined): string | undefined {
  if (field === undefined || value?.[field] === undefined) return undefined;
  return field === "averageUtilization"
    ? `${value.averageUtilization} %`
    : quantityOf(value[field] as string).toString();
}
