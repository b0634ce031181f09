import { Counter, Gauge, Histogram } from "prom-client";
import type { Metrics } from "./metrics.ts";
import type { WorkQueueObserver } from "./work-queue.ts";

/** What controller-runtime measures of a controller, under the same names. */
export interface ControllerMetrics {
  readonly queue: WorkQueueObserver;
  reconciled(result: "success" | "error" | "requeue_after", seconds: number): void;
}

/** client-go's buckets of the queue's histograms, in seconds. */
const queueBuckets = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000];
const reconcileBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];

export function controllerMetrics(metrics: Metrics, controller: string): ControllerMetrics {
  const queueLabels = { name: controller, controller };
  const depth = gauge(metrics, "workqueue_depth", "Current depth of workqueue.", queueLabels);
  const adds = counter(metrics, "workqueue_adds_total", "Total number of adds handled by workqueue.", queueLabels);
  const retries = counter(
    metrics,
    "workqueue_retries_total",
    "Total number of retries handled by workqueue.",
    queueLabels,
  );
  const waited = histogram(
    metrics,
    "workqueue_queue_duration_seconds",
    "How long in seconds an item stays in workqueue before being requested.",
    queueBuckets,
    queueLabels,
  );
  const worked = histogram(
    metrics,
    "workqueue_work_duration_seconds",
    "How long in seconds processing an item from workqueue takes.",
    queueBuckets,
    queueLabels,
  );
  const results = Object.fromEntries(
    (["success", "error", "requeue_after"] as const).map((result) => [
      result,
      counter(metrics, "controller_runtime_reconcile_total", "Total number of reconciliations per controller", {
        controller,
        result,
      }),
    ]),
  );
  const errorsHelp = "Total number of reconciliation errors per controller";
  const errors = counter(metrics, "controller_runtime_reconcile_errors_total", errorsHelp, { controller });
  const duration = histogram(
    metrics,
    "controller_runtime_reconcile_time_seconds",
    "Length of time per reconciliation per controller",
    reconcileBuckets,
    { controller },
  );
  const active = gauge(
    metrics,
    "controller_runtime_active_workers",
    "Number of currently used workers per controller",
    { controller },
  );
  return {
    queue: {
      added: () => adds.inc(),
      retried: () => retries.inc(),
      started(waitedMs) {
        waited.observe(waitedMs / 1000);
        active.inc();
      },
      finished(workedMs) {
        worked.observe(workedMs / 1000);
        active.dec();
      },
      depth: (ready) => depth.set(ready),
    },
    reconciled(result, seconds) {
      results[result]?.inc();
      if (result === "error") errors.inc();
      duration.observe(seconds);
    },
  };
}

type Labels = Record<string, string>;

/** The metric of a name in a registry; made by the first who asks, since controllers of one process share it. */
function shared<M>(metrics: Metrics, name: string, make: () => M): M {
  return (metrics.getSingleMetric(name) as M | undefined) ?? make();
}

function counter(metrics: Metrics, name: string, help: string, labels: Labels) {
  const labelNames = Object.keys(labels);
  return shared(metrics, name, () => new Counter({ name, help, labelNames, registers: [metrics] })).labels(labels);
}

function gauge(metrics: Metrics, name: string, help: string, labels: Labels) {
  const labelNames = Object.keys(labels);
  return shared(metrics, name, () => new Gauge({ name, help, labelNames, registers: [metrics] })).labels(labels);
}

function histogram(metrics: Metrics, name: string, help: string, buckets: number[], labels: Labels) {
  const labelNames = Object.keys(labels);
  const make = () => new Histogram({ name, help, buckets, labelNames, registers: [metrics] });
  return shared(metrics, name, make).labels(labels);
}
