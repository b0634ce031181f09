import { type MetricSpec, Quantity } from "@bellows/api";
import { type MetricType, type Reading, TriggerError } from "./trigger.ts";

/** `s0-` and the name: what the HPA and the external metrics API know the metric by. */
export const indexedMetricName = (index: number, name: string): string => `s${index}-${name}`;

/** Makes a part of a metric's name of any text. */
export const normalizeMetricName = (name: string): string => name.replace(/[/.:%()]/g, "-");

/**
 * How an external metric is compared: AverageValue unless said otherwise.
 * @throws TriggerError  for Utilization, which only cpu and memory have
 */
export function externalMetricType(
  metricType: MetricType | undefined,
  prefix = "error getting scaler metric type",
): "AverageValue" | "Value" {
  if (metricType === "Utilization") {
    throw new TriggerError(
      `${prefix}: 'Utilization' metric type is unsupported for external metrics, allowed values are 'Value' or 'AverageValue'`,
    );
  }
  return metricType ?? "AverageValue";
}

/** The metric of an HPA that is read from the external metrics API. */
export function externalMetric(name: string, metricType: "AverageValue" | "Value", target: number): MetricSpec {
  const amount = metricQuantity(target);
  return {
    type: "External",
    external: {
      metric: { name },
      target:
        metricType === "AverageValue"
          ? { type: metricType, averageValue: amount }
          : { type: metricType, value: amount },
    },
  };
}

/**
 * A number as the quantity that upstream would send: thousandths, with the zeros that it keeps (`2.500`); 0 for what is
 * below 0 or no number.
 */
export function metricQuantity(value: number): string {
  if (!Number.isFinite(value) || value < 0) return "0";
  // Beyond 1e21 toFixed gives an exponent; such numbers are whole.
  return Quantity.parse(value < 1e21 ? value.toFixed(3) : `${BigInt(value)}.000`).toString();
}

/** The reading of a trigger with one metric. Active above the activation value; a value that is no amount is refused. */
export function readingOf(metricName: string, value: number, activation: number): Reading {
  if (!Number.isFinite(value) || value < 0) {
    throw new Error(`the source's value is ${value}, expected a number of 0 or more`);
  }
  return { values: [{ metricName, value }], active: value > activation };
}
