import type { Metrics } from "@bellows/kube";
import { Counter, Gauge, Histogram } from "prom-client";

export type Action = "scale_up" | "scale_down" | "none";
export type ErrorLabel = "internal" | "spec" | "none";

/** The Prometheus metrics of kube-controller-manager's autoscaler, by their names there. */
export interface HpaMetrics {
  reconciled(action: Action, error: ErrorLabel, seconds: number): void;
  desired(namespace: string, name: string, replicas: number): void;
  forget(namespace: string, name: string): void;
}

export function hpaMetrics(registry: Metrics): HpaMetrics {
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
    buckets: [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384],
    registers: [registry],
  });
  const desired = new Gauge({
    name: `${prefix}_desired_replicas`,
    help: "Replicas the autoscaler last asked for",
    labelNames: ["namespace", "hpa_name"],
    registers: [registry],
  });
  return {
    reconciled(action, error, seconds) {
      total.inc({ action, error });
      duration.observe({ action, error }, seconds);
    },
    desired: (namespace, name, replicas) => desired.set({ namespace, hpa_name: name }, replicas),
    forget: (namespace, name) => desired.remove({ namespace, hpa_name: name }),
  };
}
