import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  HorizontalPodAutoscalerSpec,
  HPAScalingRules,
  Limit,
  MetricStatus,
  Pod,
} from "@bellows/api";
import { quantityOf } from "@bellows/api";
import { Conditions } from "./conditions.ts";
import { type History, withInitialRecommendation } from "./history.ts";
import { evaluateMetric, type Reading } from "./metric.ts";
import type { Tolerance } from "./metric-ratio.ts";
import type { ReadinessDelays } from "./pods.ts";
import { limitByPolicies, limitWithoutBehavior } from "./scaling-policy.ts";
import { stabilize, stabilizeDown } from "./stabilization.ts";

/** The controller's flags, as kube-controller-manager has them. */
export interface HpaConfig extends ReadinessDelays {
  /** 0.1: no change while the ratio is within 10 % of 1. */
  readonly tolerance: number;
  readonly downscaleStabilizationMs: number;
  /** Feature gate HPAConfigurableTolerance: whether a behavior's own tolerance counts. */
  readonly configurableTolerance: boolean;
  /** Feature gate HPAScaleToZero: whether minReplicas may be 0. */
  readonly scaleToZero: boolean;
}

export const defaultConfig: HpaConfig = {
  tolerance: 0.1,
  downscaleStabilizationMs: 300_000,
  configurableTolerance: true,
  scaleToZero: true,
  cpuInitializationPeriodMs: 300_000,
  initialReadinessDelayMs: 30_000,
};

/** What was observed of the target and its metrics at one moment. */
export interface Seen {
  readonly scale:
    | { readonly specReplicas: number; readonly statusReplicas: number; readonly selector: string }
    | { readonly error: string };
  /** Why the selector can't be used, where it can't. */
  readonly selectorError?: string;
  /** The pods that the target's selector picks. */
  readonly pods: readonly Pod[];
  /** Whether the target replaces its pods by others: an old pod and its successor then count as one replica. */
  readonly isRollingOut?: boolean;
  /** Every autoscaler whose target picks one of these pods, as `namespace/name`. */
  readonly autoscalersOfPods: readonly string[];
  /** One for each of spec.metrics. */
  readonly readings: readonly Reading[];
}

export interface HpaEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** The replicas that one metric asked for; undefined where it gave none. */
export interface MetricProposal {
  readonly type: string;
  readonly replicas: number | undefined;
  /** The metric is close enough to its target for nothing to change. */
  readonly isTolerated?: true;
}

/** One sync's outcome before anything is written. */
export interface HpaDecision {
  /** What spec.replicas of the target is to be; undefined to leave it. */
  readonly rescaleTo: number | undefined;
  readonly rescaleReason: string;
  readonly currentReplicas: number;
  readonly conditions: readonly HorizontalPodAutoscalerCondition[];
  readonly metricStatuses: readonly MetricStatus[] | undefined;
  /** What each of spec.metrics asked for; empty where the metrics were not looked at. */
  readonly proposals: readonly MetricProposal[];
  /** What moved the count away from the metrics' proposal, in the order applied. */
  readonly limits: readonly Limit[];
  readonly events: readonly HpaEvent[];
  /** The sync reports this error, even where it scales by the metrics that work. */
  readonly error: string | undefined;
  /** No replica count could be made: the status keeps its desiredReplicas. */
  readonly failed: boolean;
  readonly history: History;
}

/** Decides one sync of an autoscaler (`reconcileAutoscaler`, kube-controller-manager 1.35), up to the writes. */
export function decideReplicas(
  hpa: HorizontalPodAutoscaler,
  seen: Seen,
  before: History,
  config: HpaConfig,
  now: number,
): HpaDecision {
  const conditions = new Conditions(hpa.status?.conditions ?? [], now);
  const events: HpaEvent[] = [];
  const spec = hpa.spec as HorizontalPodAutoscalerSpec;
  const undecided = (
    error: string,
    current: number,
    statuses: readonly MetricStatus[] | undefined,
    history: History,
    proposals: readonly MetricProposal[] = [],
  ) => ({
    rescaleTo: undefined,
    rescaleReason: "",
    currentReplicas: current,
    conditions: conditions.list,
    metricStatuses: statuses,
    proposals,
    limits: [],
    events,
    error,
    failed: true,
    history,
  });

  if ("error" in seen.scale) {
    events.push({ type: "Warning", reason: "FailedGetScale", message: seen.scale.error });
    conditions.set(
      "AbleToScale",
      "False",
      "FailedGetScale",
      `the HPA controller was unable to get the target's current scale: ${seen.scale.error}`,
    );
    return undecided(seen.scale.error, hpa.status?.currentReplicas ?? 0, hpa.status?.currentMetrics, before);
  }
  conditions.set(
    "AbleToScale",
    "True",
    "SucceededGetScale",
    "the HPA controller was able to get the target's current scale",
  );
  const current = seen.scale.specReplicas;
  const min = spec.minReplicas ?? 1;
  const history = withInitialRecommendation(before, current, now);
  const decided = (desired: number, rescaleReason: string, rest: Partial<HpaDecision> = {}): HpaDecision => ({
    rescaleTo: desired === current ? undefined : desired,
    rescaleReason,
    currentReplicas: current,
    conditions: conditions.list,
    metricStatuses: undefined,
    proposals: [],
    limits: [],
    events,
    error: undefined,
    failed: false,
    history,
    ...rest,
  });

  if (min === 0 && !config.scaleToZero) {
    events.push({ type: "Warning", reason: "ScaleToZeroDisabled", message: scaleToZeroDisabled });
    conditions.set("ScalingActive", "False", "ScaleToZeroDisabled", scaleToZeroDisabled);
    return undecided(scaleToZeroDisabled, current, undefined, history);
  }
  if (current === 0 && min !== 0) {
    conditions.set(
      "ScalingActive",
      "False",
      "ScalingDisabled",
      "scaling is disabled since the replica count of the target is zero",
    );
    return decided(0, "");
  }
  // Upstream looks at the bounds first: two autoscalers of one target whose bounds differ undo each other for ever.
  const isAlone = seen.autoscalersOfPods.length <= 1;
  if (isAlone && current > spec.maxReplicas)
    return decided(spec.maxReplicas, "Current number of replicas above Spec.MaxReplicas");
  if (isAlone && current < min) return decided(min, "Current number of replicas below Spec.MinReplicas");

  const computed = replicasOfMetrics(hpa, spec, seen, seen.scale, config, now, conditions, events);
  if (computed.desired === undefined) {
    events.push({ type: "Warning", reason: "FailedComputeMetricsReplicas", message: computed.error as string });
    return undecided(computed.error as string, current, computed.statuses, history, computed.proposals);
  }

  const proposed = computed.desired;
  const rescaleReason =
    proposed > current ? `${computed.metric} above target` : proposed < current ? "All metrics below target" : "";
  const stabilized = spec.behavior
    ? stabilize(proposed, current, history.recommendations, windowsOf(spec.behavior, config), now)
    : stabilizeDown(proposed, history.recommendations, config.downscaleStabilizationMs, now);
  conditions.set("AbleToScale", "True", stabilized.reason, stabilized.message);
  const range = { min, max: spec.maxReplicas };
  const limited = spec.behavior
    ? limitByPolicies(
        stabilized.replicas,
        current,
        range,
        { up: spec.behavior.scaleUp ?? noRules, down: spec.behavior.scaleDown ?? noRules },
        history,
        now,
      )
    : limitWithoutBehavior(stabilized.replicas, current, range);
  conditions.set(
    "ScalingLimited",
    limited.replicas === stabilized.replicas ? "False" : "True",
    limited.reason,
    limited.message,
  );
  return decided(limited.replicas, rescaleReason, {
    metricStatuses: computed.statuses,
    proposals: computed.proposals,
    limits: [
      { reason: stabilized.reason, from: proposed, to: stabilized.replicas },
      { reason: limited.reason, from: stabilized.replicas, to: limited.replicas },
    ].filter(({ from, to }) => from !== to),
    error: computed.error,
    history: { ...history, recommendations: stabilized.recommendations },
  });
}

const scaleToZeroDisabled =
  "spec.minReplicas: found 0, expected at least 1: feature gate HPAScaleToZero, which allows 0, is off";

const noRules: HPAScalingRules = { policies: [], selectPolicy: "Disabled" };

const windowsOf = (behavior: NonNullable<HorizontalPodAutoscalerSpec["behavior"]>, config: HpaConfig) => ({
  upMs: (behavior.scaleUp?.stabilizationWindowSeconds ?? 0) * 1000,
  downMs:
    behavior.scaleDown?.stabilizationWindowSeconds === undefined
      ? config.downscaleStabilizationMs
      : behavior.scaleDown.stabilizationWindowSeconds * 1000,
});

interface Computed {
  /** The largest of the metrics' proposals; undefined where none can be trusted. */
  readonly desired: number | undefined;
  readonly metric: string;
  readonly statuses: readonly MetricStatus[] | undefined;
  readonly proposals: readonly MetricProposal[];
  readonly error: string | undefined;
}

function replicasOfMetrics(
  hpa: HorizontalPodAutoscaler,
  spec: HorizontalPodAutoscalerSpec,
  seen: Seen,
  scale: { readonly specReplicas: number; readonly statusReplicas: number; readonly selector: string },
  config: HpaConfig,
  now: number,
  conditions: Conditions,
  events: HpaEvent[],
): Computed {
  const unusable = selectorProblem(seen, scale.selector);
  if (unusable) {
    events.push({ type: "Warning", reason: unusable.event, message: unusable.error });
    conditions.set("ScalingActive", "False", unusable.condition, unusable.message);
    return { desired: undefined, metric: "", statuses: undefined, proposals: [], error: unusable.error };
  }
  const specs = spec.metrics ?? [];
  const context = {
    pods: seen.pods,
    tolerance: toleranceOf(spec, config),
    delays: config,
    now,
    namespace: hpa.metadata.namespace ?? "",
    specReplicas: scale.specReplicas,
    // In a rollout the status counts the surge, too.
    statusReplicas: seen.isRollingOut ? scale.specReplicas : scale.statusReplicas,
    ...(seen.isRollingOut && { isRollingOut: true }),
  };
  const outcomes = specs.map((metric, index) =>
    evaluateMetric(metric, seen.readings[index] ?? { error: "the metric was not read" }, context),
  );
  let desired = 0;
  let metric = "";
  const failures = [];
  for (const outcome of outcomes) {
    if ("failure" in outcome) {
      failures.push(outcome.failure);
      events.push({ type: "Warning", reason: outcome.failure.reason, message: outcome.failure.message });
    } else if (desired === 0 || outcome.replicas > desired) {
      desired = outcome.replicas;
      metric = outcome.description;
    }
  }
  const statuses = outcomes.map((outcome) => ("failure" in outcome ? { type: "" } : outcome.status));
  const proposals = outcomes.map((outcome, index) => ({
    type: specs[index]?.type ?? "",
    replicas: "failure" in outcome ? undefined : outcome.replicas,
    ...(!("failure" in outcome) && outcome.isTolerated && { isTolerated: outcome.isTolerated }),
  }));
  const first = failures[0];
  const error =
    first && `invalid metrics (${failures.length} invalid out of ${specs.length}), first error is: ${first.error}`;
  // A metric that fails might have asked for more: going down on the rest alone is not safe.
  if (failures.length >= specs.length || (first && desired < scale.specReplicas)) {
    if (first) {
      conditions.set(
        "ScalingActive",
        "False",
        first.reason,
        `the HPA was unable to compute the replica count: ${first.message}`,
      );
    }
    return { desired: undefined, metric: "", statuses, proposals, error: error ?? "no metrics are set" };
  }
  conditions.set(
    "ScalingActive",
    "True",
    "ValidMetricFound",
    `the HPA was able to successfully calculate a replica count from ${metric}`,
  );
  return { desired, metric, statuses, proposals, error };
}

function selectorProblem(seen: Seen, selector: string) {
  if (selector === "") {
    return {
      event: "SelectorRequired",
      condition: "InvalidSelector",
      error: "selector is required",
      message: "the HPA target's scale is missing a selector",
    };
  }
  if (seen.selectorError !== undefined) {
    const error = `couldn't convert selector into a corresponding internal selector object: ${seen.selectorError}`;
    return { event: "InvalidSelector", condition: "InvalidSelector", error, message: error };
  }
  if (seen.autoscalersOfPods.length > 1) {
    const keys = seen.autoscalersOfPods.join(" ");
    const error = `pods by selector ${selector} are controlled by multiple HPAs: [${keys}]`;
    return { event: "AmbiguousSelector", condition: "AmbiguousSelector", error, message: error };
  }
  return undefined;
}

function toleranceOf(spec: HorizontalPodAutoscalerSpec, config: HpaConfig): Tolerance {
  const own = (rules: HPAScalingRules | undefined) =>
    rules?.tolerance === undefined || !config.configurableTolerance
      ? config.tolerance
      : quantityOf(rules.tolerance).toNumber();
  return { down: own(spec.behavior?.scaleDown), up: own(spec.behavior?.scaleUp) };
}
