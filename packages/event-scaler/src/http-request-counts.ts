import type { Sample } from "./scraped-metric.ts";

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

export const requestLabels = [
  "namespace",
  "scaled_resource",
  "scaler",
  "trigger_name",
  "metric_name",
  "status_code",
] as const;

export type RequestLabels = Record<(typeof requestLabels)[number], string>;

interface Counted extends Pick<ScalerRequest, "scaler" | "triggerName" | "metricName"> {
  readonly statusCode: string;
  count: number;
}

interface KnownObject extends Pick<ScalerRequest, "namespace" | "scaledResource"> {
  readonly counted: Counted[];
}

/** How many HTTP requests there were for the metrics of each object, by their answers. */
export class HttpRequestCounts {
  readonly #objects = new Map<string, KnownObject>();

  add({ namespace, scaledResource, scaler, triggerName, metricName }: ScalerRequest, statusCode: string): void {
    const key = `${namespace}/${scaledResource}`;
    let object = this.#objects.get(key);
    if (!object) {
      object = { namespace, scaledResource, counted: [] };
      this.#objects.set(key, object);
    }
    const { counted } = object;
    const known = counted.find(
      (one) =>
        one.statusCode === statusCode &&
        one.metricName === metricName &&
        one.triggerName === triggerName &&
        one.scaler === scaler,
    );
    if (known) known.count++;
    else counted.push({ scaler, triggerName, metricName, statusCode, count: 1 });
  }

  /** @returns the label sets that are no more */
  forget(namespace: string, scaledResource: string): RequestLabels[] {
    const key = `${namespace}/${scaledResource}`;
    const object = this.#objects.get(key);
    this.#objects.delete(key);
    return object?.counted.map((one) => labelsOf(object, one)) ?? [];
  }

  samples(): Sample[] {
    return [...this.#objects.values()].flatMap((object) =>
      object.counted.map((one) => ({ labels: labelsOf(object, one), value: one.count })),
    );
  }
}

/** A request as its labels are called, without its answer. */
export const requestLabelsOf = ({ namespace, scaledResource, scaler, triggerName, metricName }: ScalerRequest) => ({
  namespace,
  scaled_resource: scaledResource,
  scaler,
  trigger_name: triggerName,
  metric_name: metricName,
});

const labelsOf = (object: KnownObject, counted: Counted): RequestLabels => ({
  ...requestLabelsOf({ ...object, ...counted }),
  status_code: counted.statusCode,
});
