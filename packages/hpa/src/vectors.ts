import { isDeepStrictEqual } from "node:util";
import {
  type HorizontalPodAutoscaler,
  type HorizontalPodAutoscalerStatus,
  type Pod,
  type PodMetrics,
  parseSelector,
  type Selector,
  SelectorError,
} from "@bellows/api";
import { concludeSync } from "./engine/conclude.ts";
import { decideReplicas, defaultConfig, type HpaConfig, type Seen } from "./engine/decide.ts";
import { type History, noHistory } from "./engine/history.ts";
import { evaluateMetric, type MetricOutcome, type Reading } from "./engine/metric.ts";
import { type CustomMetricValue, customSamples, milliIn64Bits } from "./engine/samples.ts";

/** A recorded case: what the real controller was shown, sync by sync, and what it then did. */
export interface HpaVector {
  readonly id: string;
  readonly input: {
    readonly config: {
      readonly tolerance: number;
      readonly downscaleStabilizationSeconds: number;
      readonly cpuInitializationPeriodSeconds: number;
      readonly initialReadinessDelaySeconds: number;
    };
    readonly hpa: HorizontalPodAutoscaler;
    readonly scale: { readonly replicas: number; readonly selector: string };
    readonly steps: readonly HpaVectorStep[];
  };
  readonly expect: { readonly steps: readonly HpaVectorOutcome[] };
}

interface HpaVectorStep {
  readonly atSeconds: number;
  readonly setReplicas?: number;
  readonly statusReplicas: number;
  readonly pods: readonly Pod[] | null;
  readonly podMetrics?: readonly PodMetrics[];
  readonly customMetrics?: readonly CustomMetric[];
  readonly externalMetrics?: readonly ExternalMetric[];
  readonly unavailable?: readonly ("resource" | "custom" | "external")[];
  readonly scaleUpdateFails?: boolean;
}

interface CustomMetric extends CustomMetricValue {
  readonly describedObject: { readonly kind: string; readonly name: string };
  readonly metric: { readonly name: string };
}

interface ExternalMetric {
  readonly metricName: string;
  readonly value: string;
}

/** After a sync: the target's spec.replicas, the status as last written, `TYPE REASON MESSAGE` of each Event. */
export interface HpaVectorOutcome {
  readonly replicas: number;
  readonly status: HorizontalPodAutoscalerStatus;
  readonly events: readonly string[];
  readonly failed: boolean;
}

const epoch = Date.parse("2026-01-01T00:00:00Z");

/** Runs a case through the engine, with one memory over all its syncs. */
export function runHpaVector({ input }: HpaVector): { steps: HpaVectorOutcome[] } {
  const config: HpaConfig = {
    ...defaultConfig,
    tolerance: input.config.tolerance,
    downscaleStabilizationMs: input.config.downscaleStabilizationSeconds * 1000,
    cpuInitializationPeriodMs: input.config.cpuInitializationPeriodSeconds * 1000,
    initialReadinessDelayMs: input.config.initialReadinessDelaySeconds * 1000,
  };
  const selector = selectorIn(input.scale.selector);
  let history: History = noHistory;
  let hpa = input.hpa;
  let replicas = input.scale.replicas;
  const steps = input.steps.map((step) => {
    const now = epoch + step.atSeconds * 1000;
    replicas = step.setReplicas ?? replicas;
    const seen: Seen = {
      scale: { specReplicas: replicas, statusReplicas: step.statusReplicas, selector: input.scale.selector },
      pods: "error" in selector ? [] : (step.pods ?? []).filter((pod) => selector.matches(pod.metadata.labels ?? {})),
      ...("error" in selector && { selectorError: selector.error }),
      autoscalersOfPods: [`${hpa.metadata.namespace}/${hpa.metadata.name}`],
      readings: (hpa.spec?.metrics ?? []).map((metric) => readingOf(metric, step)),
    };
    const decision = decideReplicas(hpa, seen, history, config, now);
    const error = decision.rescaleTo !== undefined && step.scaleUpdateFails ? "the server refused" : undefined;
    const conclusion = concludeSync(hpa, decision, error === undefined ? {} : { error }, now);
    if (decision.rescaleTo !== undefined && error === undefined) replicas = decision.rescaleTo;
    history = conclusion.history;
    hpa = { ...hpa, status: conclusion.status };
    return {
      replicas,
      status: { ...conclusion.status, currentMetrics: conclusion.status.currentMetrics ?? (null as never) },
      events: conclusion.events.map((event) => `${event.type} ${event.reason} ${event.message}`),
      failed: conclusion.error !== undefined,
    };
  });
  return { steps };
}

/** Each metric of each sync of a case, to be evaluated by itself and as often as wanted: for benches. */
export function metricEvaluations({ input }: HpaVector): (() => MetricOutcome)[] {
  const selector = selectorIn(input.scale.selector);
  if ("error" in selector) return [];
  const { tolerance, cpuInitializationPeriodSeconds, initialReadinessDelaySeconds } = input.config;
  return input.steps.flatMap((step) => {
    const context = {
      pods: (step.pods ?? []).filter((pod) => selector.matches(pod.metadata.labels ?? {})),
      tolerance: { down: tolerance, up: tolerance },
      delays: {
        cpuInitializationPeriodMs: cpuInitializationPeriodSeconds * 1000,
        initialReadinessDelayMs: initialReadinessDelaySeconds * 1000,
      },
      now: epoch + step.atSeconds * 1000,
      namespace: input.hpa.metadata.namespace ?? "",
      specReplicas: input.scale.replicas,
      statusReplicas: step.statusReplicas,
    };
    return (input.hpa.spec?.metrics ?? []).map(
      (metric) => () => evaluateMetric(metric, readingOf(metric, step), context),
    );
  });
}

function selectorIn(text: string): Selector | { readonly error: string } {
  try {
    return parseSelector(text);
  } catch (error) {
    if (error instanceof SelectorError) return { error: error.message };
    throw error;
  }
}

function readingOf(
  metric: NonNullable<NonNullable<HorizontalPodAutoscaler["spec"]>["metrics"]>[number],
  step: HpaVectorStep,
): Reading {
  const refused = (api: "resource" | "custom" | "external"): Reading | undefined =>
    step.unavailable?.includes(api)
      ? { error: `unable to fetch metrics from ${api} metrics API: ${api} metrics API unavailable` }
      : undefined;
  switch (metric.type) {
    case "Resource":
    case "ContainerResource": {
      const items = step.podMetrics ?? [];
      return refused("resource") ?? (items.length === 0 ? none("resource") : { podMetrics: items });
    }
    case "Pods": {
      const items = (step.customMetrics ?? []).filter(
        (item) => item.describedObject.kind === "Pod" && item.metric.name === metric.pods?.metric.name,
      );
      return refused("custom") ?? (items.length === 0 ? none("custom") : { samples: customSamples(items) });
    }
    case "Object": {
      const wanted = metric.object;
      const items = (step.customMetrics ?? []).filter(
        (each) =>
          each.describedObject.kind === wanted?.describedObject.kind &&
          each.describedObject.name === wanted.describedObject.name &&
          each.metric.name === wanted.metric.name,
      );
      const missing = `unable to fetch metrics from custom metrics API: the server could not find the metric ${wanted?.metric.name}`;
      // The custom metrics client takes anything but one item for no answer.
      const item = items.length === 1 ? items[0] : undefined;
      return refused("custom") ?? (item ? { valuesMilli: [milliIn64Bits(item.value)] } : { error: missing });
    }
    default: {
      const items = (step.externalMetrics ?? []).filter((item) => item.metricName === metric.external?.metric.name);
      return (
        refused("external") ??
        (items.length === 0 ? none("external") : { valuesMilli: items.map((item) => milliIn64Bits(item.value)) })
      );
    }
  }
}

const none = (api: string): Reading => ({ error: `no metrics returned from ${api} metrics API` });

/**
 * Whether an outcome is the recorded one: replicas, failure, and of the status the counts, the metrics and each
 * condition's type, status, reason and message; of Events the type and reason.
 */
export function sameHpaOutcome(
  actual: { steps: readonly HpaVectorOutcome[] },
  expected: { steps: readonly HpaVectorOutcome[] },
): boolean {
  return isDeepStrictEqual(actual.steps.map(comparable), expected.steps.map(comparable));
}

const comparable = (step: HpaVectorOutcome) => ({
  replicas: step.replicas,
  failed: step.failed,
  currentReplicas: step.status.currentReplicas ?? 0,
  desiredReplicas: step.status.desiredReplicas,
  currentMetrics: plain(step.status.currentMetrics ?? []),
  conditions: (step.status.conditions ?? []).map(({ type, status, reason, message }) => ({
    type,
    status,
    reason,
    message,
  })),
  events: step.events.map((event) => event.split(" ").slice(0, 2).join(" ")),
});

/** As JSON holds it: without keys that are undefined or null. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_, each) => each ?? undefined));
