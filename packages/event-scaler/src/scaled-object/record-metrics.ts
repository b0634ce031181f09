import type { ScaledObject } from "@bellows/api";
import { keyText, type ObjectKey } from "@bellows/kube";
import { compositeMetricName, isCompositeActive, isResourceTrigger, usesModifiers } from "../engine/index.ts";
import type { EventScalerMetrics, ScalerLabels } from "../metrics.ts";
import { scalerLabel } from "../scaler-label.ts";
import type { Scaler } from "../scalers/index.ts";
import type { Scalable } from "../scaling.ts";
import type { MetricResult, TriggerFailure } from "./read-metrics.ts";
import type { ScaledObjectState } from "./state.ts";

/** Records what was read of each metric, for Prometheus. */
export function recordReadings(
  object: ScaledObject,
  results: readonly MetricResult[],
  metrics: EventScalerMetrics | undefined,
): void {
  if (!metrics) return;
  const withFormula = usesModifiers(object.spec);
  for (const { scaler, metricName, values, active, error, latencyMs } of results) {
    const labels = labelsOf(object, scalerLabel(scaler.declared), scaler.index, metricName);
    for (const { metricName: metric, value } of values) metrics.read({ ...labels, metric }, { value });
    metrics.read(labels, { latencyMs, ...(!withFormula && error === undefined && { active }) });
    metrics.scalerError(labels, error !== undefined);
  }
}

/** Records triggers of which nothing is read: cpu and memory are always active, others could not say what they measure. */
export function recordUnread(
  object: ScaledObject,
  opened: readonly Scaler[],
  failures: readonly TriggerFailure[],
  metrics: EventScalerMetrics | undefined,
): void {
  if (!metrics) return;
  for (const _ of failures) metrics.scaledObjectError(object.metadata.namespace as string, object.metadata.name, true);
  // With a formula its result is active or not, and no trigger by itself.
  if (usesModifiers(object.spec)) return;
  for (const { declared, index } of opened) {
    if (!isResourceTrigger(declared)) continue;
    metrics.read(labelsOf(object, scalerLabel(declared), index, declared.type), { active: true });
  }
}

/** Records what the formula of an object came to, unless a trigger fails that it is about. */
export function recordComposite(
  object: ScaledObject,
  state: ScaledObjectState,
  metrics: EventScalerMetrics | undefined,
): void {
  if (!metrics || !usesModifiers(object.spec) || state.failing) return;
  for (const { metricName, value } of state.values) {
    const labels = labelsOf(object, compositeMetricName, 0, metricName);
    metrics.read(labels, { value, active: isCompositeActive(object.spec, value) });
  }
}

const labelsOf = ({ metadata }: ScaledObject, scaler: string, triggerIndex: number, metric: string): ScalerLabels => ({
  namespace: metadata.namespace as string,
  scaledObject: metadata.name,
  type: "scaledobject",
  scaler,
  triggerIndex,
  metric,
});

/** Counts the ScaledObjects (or ScaledJobs) and their triggers that there are. */
export class RegisteredObjects {
  readonly #metrics: EventScalerMetrics | undefined;
  readonly #resource: "scaled_object" | "scaled_job";
  readonly #type: ScalerLabels["type"];
  /** The types of the triggers of each object, as they were counted. */
  readonly #triggersOf = new Map<string, readonly string[]>();

  constructor(metrics: EventScalerMetrics | undefined, type: ScalerLabels["type"]) {
    this.#metrics = metrics;
    this.#type = type;
    this.#resource = type === "scaledobject" ? "scaled_object" : "scaled_job";
  }

  count(key: ObjectKey, { spec }: Pick<Scalable, "spec">): void {
    const types = (spec?.triggers ?? []).map(({ type }) => type);
    const before = this.#triggersOf.get(keyText(key));
    if (before?.join() === types.join()) return;
    if (before === undefined) this.#found(key);
    // The triggers are others now, and so are their metrics.
    else this.#metrics?.forget(key.namespace ?? "", key.name, this.#type);
    for (const type of before ?? []) this.#metrics?.countTrigger(type, -1);
    for (const type of types) this.#metrics?.countTrigger(type, 1);
    this.#triggersOf.set(keyText(key), types);
  }

  #found({ namespace = "", name }: ObjectKey): void {
    this.#metrics?.countResource(this.#resource, namespace, 1);
    // So that its errors are seen to be none.
    if (this.#type === "scaledobject") this.#metrics?.scaledObjectError(namespace, name, false);
    else this.#metrics?.scaledJobError(namespace, name, false);
  }

  forget(key: ObjectKey): void {
    const before = this.#triggersOf.get(keyText(key));
    if (!before) return;
    for (const type of before) this.#metrics?.countTrigger(type, -1);
    this.#metrics?.countResource(this.#resource, key.namespace ?? "", -1);
    this.#metrics?.forget(key.namespace ?? "", key.name, this.#type);
    this.#triggersOf.delete(keyText(key));
  }
}
