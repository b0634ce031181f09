import type { Controller } from "@bellows/kube";
import type { MetricValue } from "@bellows/triggers";
import { createScaledObjectScaling } from "./scaled-object/index.ts";
import { Scalers, type ScalersOptions } from "./scalers/index.ts";

export interface EventScalerOptions extends ScalersOptions {}

/** The values of one metric of a ScaledObject, as the external metrics API gives them to an HPA. */
export type MetricValues = (
  namespace: string,
  scaledObjectName: string,
  metricName: string,
) => Promise<readonly MetricValue[]>;

export interface EventScaler {
  readonly controllers: readonly Controller[];
  /** Reads (or takes from the last poll) what an HPA asks for; rejects with what upstream's adapter answers. */
  readonly metricValues: MetricValues;
  /** Names of the external metrics of all ScaledObjects. */
  readonly metricNames: () => Iterable<string>;
}

/** The controllers of ScaledObjects, and what the external metrics API answers from. */
export function createEventScaler(options: EventScalerOptions): EventScaler {
  return createScaledObjectScaling(new Scalers(options));
}
