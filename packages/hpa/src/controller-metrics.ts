import type { HorizontalPodAutoscaler, Kind } from "@bellows/api";
import type { Metrics } from "@bellows/kube";
import { Counter, Gauge, Histogram } from "prom-client";

export type Action = "scale_up" | "scale_down" | "none";
export type ErrorLabel = "internal" | "spec" | "none";

/** The Prometheus metrics of kube-controller-manager's autoscaler, by their names there. */
export interface HpaMetrics {
  reconciled(action: Action, error: ErrorLabel, seconds: number): void;
  /** One metric of an autoscaler was read and computed. */
  computed(type: string, action: Action, error: ErrorLabel, seconds: number): void;
  /** How many autoscalers there are. */
  controlled(kind: Kind<HorizontalPodAutoscaler>, count: number): void;
  desired(namespace: string, name: string, replicas: number): void;
  forget(namespace: string, name: string): void;
}

/** Doubling from a millisecond, fifteen times: kube-controller-manager's. */
const buckets = Array.from({ length: 15 }, (_, power) => 0.001 * 2 ** power);

const made = new WeakMap<Metrics, HpaMetrics>();

/** Those of a process: its controllers count together. */
export function hpaMetrics(registry: Metrics): HpaMetrics {
  let metrics = made.get(registry);
  if (!metrics) made.set(registry, (metrics = register(registry)));
  return metrics;
}

function register(registry: Metrics): HpaMetrics {
  const prefix = "horizontal_pod_autoscaler_controller";
  const labelNames = ["action", "error"] as const;
  const total = new Counter({
    name: `${prefix}_reconciliations_total`,
    help: "Syncs of autoscalers, by the change they made and the kind of error",
    labelNames,
    registers: [registry],
  });
  const duration = new Histogram({
    name: `${prefix}_reconciliation_duration_seconds`,
    help: "Time a sync took",
    labelNames,
    buckets,
    registers: [registry],
  });
  const ofMetric = ["action", "error", "metric_type"] as const;
  const computations = new Counter({
    name: `${prefix}_metric_computation_total`,
    help: "Computations of single metrics, by the change they ask for, the kind of error and the type of metric",
    labelNames: ofMetric,
    registers: [registry],
  });
  const computation = new Histogram({
    name: `${prefix}_metric_computation_duration_seconds`,
    help: "Time from the start of a sync until its metrics were read",
    labelNames: ofMetric,
    buckets,
    registers: [registry],
  });
  const controlled = new Gauge({
    name: `${prefix}_num_horizontal_pod_autoscalers`,
    help: "Autoscalers that are controlled",
    registers: [registry],
  });
  const desired = new Gauge({
    name: `${prefix}_desired_replicas`,
    help: "Replicas the autoscaler last asked for",
    labelNames: ["namespace", "hpa_name"],
    registers: [registry],
  });
  const counts = new Map<Kind<HorizontalPodAutoscaler>, number>();
  return {
    reconciled(action, error, seconds) {
      total.inc({ action, error });
      duration.observe({ action, error }, seconds);
    },
    computed(type, action, error, seconds) {
      computations.inc({ action, error, metric_type: type });
      computation.observe({ action, error, metric_type: type }, seconds);
    },
    controlled(kind, count) {
      if (counts.get(kind) === count) return;
      counts.set(kind, count);
      controlled.set([...counts.values()].reduce((sum, each) => sum + each, 0));
    },
    desired: (namespace, name, replicas) => desired.set({ namespace, hpa_name: name }, replicas),
    forget: (namespace, name) => desired.remove({ namespace, hpa_name: name }),
  };
}
