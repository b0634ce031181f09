import type { Metrics } from "@bellows/kube";
import type { HttpOutcome } from "@bellows/triggers";
import { Counter, Gauge, Histogram } from "prom-client";
import { kedaVersion } from "./scaling.ts";

/** Which metric of which trigger a value is of. */
export interface ScalerLabels {
  readonly namespace: string;
  /** Name of the ScaledObject or ScaledJob. */
  readonly scaledObject: string;
  readonly type: "scaledobject" | "scaledjob";
  /** Name of the trigger, or the type of the scaler where it has none. */
  readonly scaler: string;
  readonly triggerIndex: number;
  readonly metric: string;
}

/** Whose metric an HTTP request is for. */
export interface ScalerRequest {
  readonly namespace: string;
  /** Name of the ScaledObject or ScaledJob. */
  readonly scaledResource: string;
  /** Type of the trigger. */
  readonly scaler: string;
  /** Empty where it has none. */
  readonly triggerName: string;
  readonly metricName: string;
}

/** Labels of KEDA's names. There is no Go here: `goversion` is Node's version. */
const buildInfo = {
  version: kedaVersion,
  git_commit: "",
  goversion: process.version,
  goos: process.platform,
  goarch: process.arch === "x64" ? "amd64" : process.arch,
};

type ObjectKind = ScalerLabels["type"];

const requestLabels = ["namespace", "scaled_resource", "scaler", "trigger_name", "metric_name", "status_code"] as const;

const scalerLabels = ["namespace", "metric", "scaledObject", "scaler", "triggerIndex", "type"] as const;

/** KEDA's Prometheus metrics, of one process. */
export class EventScalerMetrics {
  readonly #value: Gauge<string>;
  readonly #latency: Gauge<string>;
  readonly #active: Gauge<string>;
  readonly #scalerErrors: Counter<string>;
  readonly #paused: Gauge<string>;
  readonly #scaledObjectErrors: Counter<string>;
  readonly #scaledJobErrors: Counter<string>;
  readonly #emptyResponses: Counter<string>;
  readonly #requests: Counter<string>;
  readonly #requestDurations: Histogram<string>;
  readonly #detailedDurations: boolean;
  readonly #triggers: Gauge<string>;
  readonly #resources: Gauge<string>;
  readonly #loopLatency: Gauge<string>;
  /** The scalers of each object, so that they can be removed with it. */
  readonly #scalersOf = new Map<string, Map<string, KnownScaler>>();
  /** The requests of each object, for the same. */
  readonly #requestsOf = new Map<string, Map<string, Record<string, string>>>();

  /** @param detailedDurations  the durations of HTTP requests have all labels that their count has */
  constructor(registry: Metrics, { detailedDurations = false }: { readonly detailedDurations?: boolean } = {}) {
    this.#detailedDurations = detailedDurations;
    const registers = [registry];
    const gauge = (name: string, help: string, labelNames: readonly string[]) =>
      new Gauge({ name: `keda_${name}`, help, labelNames: [...labelNames], registers });
    const counter = (name: string, help: string, labelNames: readonly string[]) =>
      new Counter({ name: `keda_${name}`, help, labelNames: [...labelNames], registers });

    this.#value = gauge("scaler_metrics_value", "The value of each metric that the HPA compares.", scalerLabels);
    this.#latency = gauge("scaler_metrics_latency_seconds", "How long reading each metric took.", scalerLabels);
    this.#active = gauge("scaler_active", "Whether each scaler asks for replicas (1) or not (0).", scalerLabels);
    this.#scalerErrors = counter("scaler_detail_errors_total", "Failed readings of each scaler.", scalerLabels);
    this.#paused = gauge("scaled_object_paused", "Whether a ScaledObject is paused (1) or not (0).", [
      "namespace",
      "scaledObject",
    ]);
    this.#scaledObjectErrors = counter("scaled_object_errors_total", "Errors of each ScaledObject.", [
      "namespace",
      "scaledObject",
    ]);
    this.#scaledJobErrors = counter("scaled_job_errors_total", "Errors of each ScaledJob.", ["namespace", "scaledJob"]);
    this.#emptyResponses = counter("scaler_empty_upstream_responses_total", "Queries that found nothing.", [
      "namespace",
      "scaledResource",
      "triggerName",
      "metricName",
      "resourceType",
      "ignoreNullValues",
    ]);
    this.#requests = counter("scaler_http_requests_total", "HTTP requests for the metrics of scalers.", requestLabels);
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
    this.#loopLatency = gauge(
      "internal_scale_loop_latency_seconds",
      "By how much the last reading of each object was late.",
      ["namespace", "type", "resource"],
    );
  }

  /** A metric was read. */
  read(labels: ScalerLabels, { value, latencyMs, active }: ScalerReading): void {
    const known = this.#scaler(labels);
    const { set } = known;
    // Looking a label set up costs more than all else of a reading that says what the last one said.
    if (value !== undefined && value !== known.value) this.#value.set(set, value);
    if (latencyMs !== undefined && latencyMs !== known.latencyMs) this.#latency.set(set, latencyMs / 1000);
    if (active !== undefined && active !== known.active) this.#active.set(set, active ? 1 : 0);
    known.value = value ?? known.value;
    known.latencyMs = latencyMs ?? known.latencyMs;
    known.active = active ?? known.active;
  }

  /** A reading failed, or did not (which makes the counter appear at 0). An error also counts for the object. */
  scalerError(labels: ScalerLabels, failed: boolean): void {
    const known = this.#scaler(labels);
    if (failed || !known.isCounted) this.#scalerErrors.inc(known.set, failed ? 1 : 0);
    known.isCounted = true;
    // Upstream counts under scaled_object even for a ScaledJob.
    if (failed) this.#scaledObjectErrors.inc({ namespace: labels.namespace, scaledObject: labels.scaledObject }, 1);
  }

  scaledObjectError(namespace: string, scaledObject: string, failed: boolean): void {
    this.#scaledObjectErrors.inc({ namespace, scaledObject }, failed ? 1 : 0);
  }

  scaledJobError(namespace: string, scaledJob: string, failed: boolean): void {
    this.#scaledJobErrors.inc({ namespace, scaledJob }, failed ? 1 : 0);
  }

  paused(namespace: string, scaledObject: string, paused: boolean): void {
    this.#paused.set({ namespace, scaledObject }, paused ? 1 : 0);
  }

  /** How late a reading began, compared with its schedule. */
  loopLatency(namespace: string, type: ObjectKind, resource: string, lateMs: number): void {
    this.#loopLatency.set({ namespace, type, resource }, lateMs / 1000);
  }

  /** An HTTP request for a metric is over; there is no status where nobody answered. */
  requested(request: ScalerRequest, { status, durationMs }: HttpOutcome): void {
    const { namespace, scaledResource, scaler, triggerName, metricName } = request;
    const status_code = status === undefined ? "error" : String(status);
    const object = `${namespace}/${scaledResource}`;
    const known = this.#requestsOf.get(object) ?? new Map<string, Record<string, string>>();
    const key = `${scaler}/${triggerName}/${metricName}/${status_code}`;
    const set = known.get(key) ?? {
      namespace,
      scaled_resource: scaledResource,
      scaler,
      trigger_name: triggerName,
      metric_name: metricName,
      status_code,
    };
    this.#requestsOf.set(object, known.set(key, set));
    this.#requests.inc(set);
    this.#requestDurations.observe(this.#detailedDurations ? set : { scaler, status_code }, durationMs / 1000);
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
    const key = `${type}/${namespace}/${name}`;
    for (const { set } of this.#scalersOf.get(key)?.values() ?? []) {
      for (const metric of [this.#value, this.#latency, this.#active, this.#scalerErrors]) metric.remove(set);
    }
    this.#scalersOf.delete(key);
    const object = `${namespace}/${name}`;
    for (const set of this.#requestsOf.get(object)?.values() ?? []) {
      this.#requests.remove(set);
      if (this.#detailedDurations) this.#requestDurations.remove(set);
    }
    this.#requestsOf.delete(object);
  }

  #scaler(labels: ScalerLabels): KnownScaler {
    const { namespace, scaledObject, type, scaler, triggerIndex, metric } = labels;
    const key = `${type}/${namespace}/${scaledObject}`;
    const inner = `${triggerIndex}/${scaler}/${metric}`;
    const ofObject = this.#scalersOf.get(key) ?? new Map<string, KnownScaler>();
    let known = ofObject.get(inner);
    if (!known) {
      const set = { namespace, metric, scaledObject, scaler, triggerIndex: String(triggerIndex), type };
      known = { set, value: undefined, latencyMs: undefined, active: undefined, isCounted: false };
      this.#scalersOf.set(key, ofObject.set(inner, known));
    }
    return known;
  }
}

/** What was said of a scaler last. */
interface KnownScaler {
  readonly set: Record<string, string>;
  value: number | undefined;
  latencyMs: number | undefined;
  active: boolean | undefined;
  isCounted: boolean;
}

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
