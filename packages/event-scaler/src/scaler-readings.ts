import type { Sample } from "./scraped-metric.ts";

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

/** What was said of a scaler last; undefined where nothing was. */
export interface ScalerReadings {
  value: number | undefined;
  latencyMs: number | undefined;
  active: boolean | undefined;
  /** Failed readings so far. */
  failures: number | undefined;
}

type KnownScaler = Pick<ScalerLabels, "scaler" | "triggerIndex" | "metric"> & ScalerReadings;

interface KnownObject extends Pick<ScalerLabels, "namespace" | "scaledObject" | "type"> {
  readonly scalers: KnownScaler[];
}

/** What was said last of the scalers of each object: no more than the labels that tell them apart, as there are many. */
export class ReadingsByObject {
  readonly #objects = new Map<string, KnownObject>();

  of({ namespace, scaledObject, type, scaler, triggerIndex, metric }: ScalerLabels): ScalerReadings {
    const key = `${type}/${namespace}/${scaledObject}`;
    let object = this.#objects.get(key);
    if (!object) {
      object = { namespace, scaledObject, type, scalers: [] };
      this.#objects.set(key, object);
    }
    const { scalers } = object;
    const known = scalers.find(
      (one) => one.triggerIndex === triggerIndex && one.metric === metric && one.scaler === scaler,
    );
    if (known) return known;
    const nothing = { value: undefined, latencyMs: undefined, active: undefined, failures: undefined };
    const added: KnownScaler = { scaler, triggerIndex, metric, ...nothing };
    scalers.push(added);
    return added;
  }

  forget(namespace: string, scaledObject: string, type: ScalerLabels["type"]): void {
    this.#objects.delete(`${type}/${namespace}/${scaledObject}`);
  }

  /** One for each scaler of which there is such a value. */
  samples(pick: (readings: ScalerReadings) => number | undefined): Sample[] {
    const samples: Sample[] = [];
    for (const { namespace, scaledObject, type, scalers } of this.#objects.values()) {
      for (const known of scalers) {
        const value = pick(known);
        if (value === undefined) continue;
        const { metric, scaler, triggerIndex } = known;
        const labels = { namespace, metric, scaledObject, scaler, triggerIndex: String(triggerIndex), type };
        samples.push({ labels, value });
      }
    }
    return samples;
  }
}
