import { keyOfText, keyText, type Metrics, type ObjectKey } from "@bellows/kube";
import type { HttpOutcome } from "@bellows/triggers";
import { Counter, Gauge, Histogram } from "prom-client";
import { HttpRequestCounts, requestLabels, requestLabelsOf, type ScalerRequest } from "./http-request-counts.ts";
import { ReadingsByObject, type ScalerLabels, type ScalerReadings } from "./scaler-readings.ts";
import { kedaVersion } from "./scaling.ts";
import { type Sample, ScrapedCounter, ScrapedGauge } from "./scraped-metric.ts";

export type { ScalerLabels };

/** Labels of KEDA's names. There is no Go here: `goversion` is Node's version. */
const buildInfo = {
  version: kedaVersion,
  git_commit: "",
  goversion: process.version,
  goos: process.platform,
  goarch: process.arch === "x64" ? "amd64" : process.arch,
};

type ObjectKind = ScalerLabels["type"];

const scalerLabels = ["namespace", "metric", "scaledObject", "scaler", "triggerIndex", "type"] as const;

/** KEDA's Prometheus metrics, of one process. */
export class EventScalerMetrics {
  readonly #paused: Gauge<string>;
  readonly #scaledJobErrors: Counter<string>;
  readonly #emptyResponses: Counter<string>;
  readonly #requestDurations: Histogram<string>;
  readonly #detailedDurations: boolean;
  readonly #triggers: Gauge<string>;
  readonly #resources: Gauge<string>;
  readonly #readings = new ReadingsByObject();
  readonly #requests = new HttpRequestCounts();
  /** By key text. */
  readonly #scaledObjectErrors = new Map<string, number>();
  readonly #lateSeconds = { scaledobject: new Map<string, number>(), scaledjob: new Map<string, number>() };

  /** @param detailedDurations  the durations of HTTP requests have all labels that their count has */
  constructor(registry: Metrics, { detailedDurations = false }: { readonly detailedDurations?: boolean } = {}) {
    this.#detailedDurations = detailedDurations;
    const registers = [registry];
    const gauge = (name: string, help: string, labelNames: readonly string[]) =>
      new Gauge({ name: `keda_${name}`, help, labelNames: [...labelNames], registers });
    const counter = (name: string, help: string, labelNames: readonly string[]) =>
      new Counter({ name: `keda_${name}`, help, labelNames: [...labelNames], registers });

    const ofScalers = (name: string, help: string) => ({
      name: `keda_${name}`,
      help,
      labelNames: scalerLabels,
      registers,
    });
    const scraped = (name: string, help: string, pick: (readings: ScalerReadings) => number | undefined) =>
      new ScrapedGauge(ofScalers(name, help), () => this.#readings.samples(pick));

    scraped("scaler_metrics_value", "The value of each metric that the HPA compares.", ({ value }) => value);
    scraped("scaler_metrics_latency_seconds", "How long reading each metric took.", ({ latencyMs }) =>
      latencyMs === undefined ? undefined : latencyMs / 1000,
    );
    scraped("scaler_active", "Whether each scaler asks for replicas (1) or not (0).", ({ active }) =>
      active === undefined ? undefined : Number(active),
    );
    new ScrapedCounter(ofScalers("scaler_detail_errors_total", "Failed readings of each scaler."), () =>
      this.#readings.samples(({ failures }) => failures),
    );
    this.#paused = gauge("scaled_object_paused", "Whether a ScaledObject is paused (1) or not (0).", [
      "namespace",
      "scaledObject",
    ]);
    new ScrapedCounter(
      {
        name: "keda_scaled_object_errors_total",
        help: "Errors of each ScaledObject.",
        labelNames: ["namespace", "scaledObject"],
        registers,
      },
      () => samplesOf(this.#scaledObjectErrors, ({ namespace = "", name }) => ({ namespace, scaledObject: name })),
    );
    this.#scaledJobErrors = counter("scaled_job_errors_total", "Errors of each ScaledJob.", ["namespace", "scaledJob"]);
    this.#emptyResponses = counter("scaler_empty_upstream_responses_total", "Queries that found nothing.", [
      "namespace",
      "scaledResource",
      "triggerName",
      "metricName",
      "resourceType",
      "ignoreNullValues",
    ]);
    new ScrapedCounter(
      {
        name: "keda_scaler_http_requests_total",
        help: "HTTP requests for the metrics of scalers.",
        labelNames: requestLabels,
        registers,
      },
      () => this.#requests.samples(),
    );
    this.#requestDurations = new Histogram({
      name: "keda_scaler_http_request_duration_seconds",
      help: "How long the HTTP requests for the metrics of scalers took.",
      labelNames: detailedDurations ? [...requestLabels] : ["scaler", "status_code"],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    gauge("build_info", "Which KEDA this behaves as, and what it runs on.", [
      "version",
      "git_commit",
      "goversion",
      "goos",
      "goarch",
    ]).set(buildInfo, 1);
    this.#triggers = gauge("trigger_registered_total", "Triggers of each type.", ["type"]);
    this.#resources = gauge("resource_registered_total", "Objects of each of KEDA's kinds in each namespace.", [
      "type",
      "namespace",
    ]);
    new ScrapedGauge(
      {
        name: "keda_internal_scale_loop_latency_seconds",
        help: "By how much the last reading of each object was late.",
        labelNames: ["namespace", "type", "resource"],
        registers,
      },
      () =>
        (["scaledobject", "scaledjob"] as const).flatMap((type) =>
          samplesOf(this.#lateSeconds[type], ({ namespace = "", name }) => ({ namespace, type, resource: name })),
        ),
    );
  }

  /** A metric was read. */
  read(labels: ScalerLabels, { value, latencyMs, active }: ScalerReading): void {
    const readings = this.#readings.of(labels);
    readings.value = value ?? readings.value;
    readings.latencyMs = latencyMs ?? readings.latencyMs;
    readings.active = active ?? readings.active;
  }

  /** A reading failed, or did not (which makes the counter appear at 0). An error also counts for the object. */
  scalerError(labels: ScalerLabels, failed: boolean): void {
    const readings = this.#readings.of(labels);
    readings.failures = (readings.failures ?? 0) + (failed ? 1 : 0);
    // Upstream counts under scaled_object even for a ScaledJob.
    if (failed) this.scaledObjectError(labels.namespace, labels.scaledObject, true);
  }

  scaledObjectError(namespace: string, scaledObject: string, failed: boolean): void {
    const key = keyText({ namespace, name: scaledObject });
    this.#scaledObjectErrors.set(key, (this.#scaledObjectErrors.get(key) ?? 0) + (failed ? 1 : 0));
  }

  scaledJobError(namespace: string, scaledJob: string, failed: boolean): void {
    this.#scaledJobErrors.inc({ namespace, scaledJob }, failed ? 1 : 0);
  }

  paused(namespace: string, scaledObject: string, paused: boolean): void {
    this.#paused.set({ namespace, scaledObject }, paused ? 1 : 0);
  }

  /** How late a reading began, compared with its schedule. */
  loopLatency(namespace: string, type: ObjectKind, resource: string, lateMs: number): void {
    this.#lateSeconds[type].set(keyText({ namespace, name: resource }), lateMs / 1000);
  }

  /** An HTTP request for a metric is over; there is no status where nobody answered. */
  requested(request: ScalerRequest, { status, durationMs }: HttpOutcome): void {
    const status_code = status === undefined ? "error" : String(status);
    this.#requests.add(request, status_code);
    const labels = { scaler: request.scaler, status_code };
    this.#requestDurations.observe(
      this.#detailedDurations ? { ...requestLabelsOf(request), status_code } : labels,
      durationMs / 1000,
    );
  }

  emptyResponse(labels: EmptyResponseLabels): void {
    this.#emptyResponses.inc({ ...labels, ignoreNullValues: String(labels.ignoreNullValues) });
  }

  /** One more (`1`) or one less (`-1`) trigger of a type. */
  countTrigger(type: string, change: 1 | -1): void {
    if (type !== "") this.#triggers.inc({ type }, change);
  }

  /**
   * One more (`1`) or one less (`-1`) object of a kind.
   * @param namespace  empty for kinds without one, which upstream counts under `default`
   */
  countResource(type: ResourceType, namespace: string, change: 1 | -1): void {
    this.#resources.inc({ type, namespace: namespace || "default" }, change);
  }

  /** Takes away what was said of an object's scalers: stale values are worse than none. */
  forget(namespace: string, name: string, type: ObjectKind): void {
    this.#readings.forget(namespace, name, type);
    for (const labels of this.#requests.forget(namespace, name)) {
      if (this.#detailedDurations) this.#requestDurations.remove(labels);
    }
  }
}

/** One sample for each object, by its key text. */
const samplesOf = (
  values: ReadonlyMap<string, number>,
  labelsOf: (key: ObjectKey) => Record<string, string>,
): Sample[] => [...values].map(([text, value]) => ({ labels: labelsOf(keyOfText(text)), value }));

export type ResourceType =
  | "scaled_object"
  | "scaled_job"
  | "trigger_authentication"
  | "cluster_trigger_authentication"
  | "cloudevent_source"
  | "cluster_cloudevent_source";

export interface ScalerReading {
  readonly value?: number | undefined;
  readonly latencyMs?: number | undefined;
  readonly active?: boolean | undefined;
}

export interface EmptyResponseLabels {
  readonly namespace: string;
  readonly scaledResource: string;
  readonly triggerName: string;
  readonly metricName: string;
  readonly resourceType: ObjectKind;
  readonly ignoreNullValues: boolean;
}

/** KEDA's metrics of CloudEvents. */
export class CloudEventMetrics {
  readonly #emitted: Counter<string>;
  readonly #queued: Gauge<string>;

  constructor(registry: Metrics) {
    const registers = [registry];
    this.#emitted = new Counter({
      name: "keda_cloudeventsource_events_emitted_total",
      help: "CloudEvents that were sent (state emitted) or could not be (state failed).",
      labelNames: ["namespace", "cloudeventsource", "eventsink", "state"],
      registers,
    });
    this.#queued = new Gauge({
      name: "keda_cloudeventsource_events_queued",
      help: "CloudEvents that wait to be sent.",
      labelNames: ["namespace"],
      registers,
    });
  }

  /** @param namespace  of the object that the event is about */
  sent(namespace: string, cloudeventsource: string, state: "emitted" | "failed"): void {
    this.#emitted.inc({ namespace, cloudeventsource, eventsink: "http", state });
  }

  /** One more (`1`) or one less (`-1`) that waits. */
  queued(namespace: string, change: 1 | -1): void {
    this.#queued.inc({ namespace }, change);
  }
}

/** KEDA's metrics of the validating webhooks. */
export class WebhookMetrics {
  readonly #total: Counter<string>;
  readonly #errors: Counter<string>;

  constructor(registry: Metrics) {
    const registers = [registry];
    this.#total = new Counter({
      name: "keda_webhook_scaled_object_validations_total",
      help: "ScaledObjects that were validated.",
      labelNames: ["namespace", "action"],
      registers,
    });
    this.#errors = new Counter({
      name: "keda_webhook_scaled_object_validation_errors_total",
      help: "What ScaledObjects were refused for.",
      labelNames: ["namespace", "action", "reason"],
      registers,
    });
  }

  validated(namespace: string, action: "create" | "update"): void {
    this.#total.inc({ namespace, action });
  }

  refused(namespace: string, action: "create" | "update", reason: string): void {
    this.#errors.inc({ namespace, action, reason });
  }
}
