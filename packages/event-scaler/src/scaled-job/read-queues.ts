import type { ControllerContext } from "@bellows/kube";
import { type QueueReading, readQueue } from "../engine/scaled-job-queue.ts";
import { limitsOf, type SpecifiedScaledJob } from "../engine/scaled-job-strategy.ts";
import type { EventScalerMetrics, ScalerLabels } from "../metrics.ts";
import { scalerLabel } from "../scaler-label.ts";
import { messageOf, type Scaler, type Scalers } from "../scalers/index.ts";

/** What the triggers of a ScaledJob said in one poll. */
export interface QueueReadings {
  readonly readings: readonly QueueReading[];
  /** The names of all metrics, also of those that could not be read. */
  readonly metricNames: readonly string[];
  readonly activeTriggers: readonly string[];
  readonly errors: readonly string[];
}

interface ReadingParts {
  readonly scalers: Scalers;
  readonly metrics?: EventScalerMetrics;
}

/** Reads all triggers at the same time. One that fails takes nothing from the others. */
export async function readQueues(
  scaledJob: SpecifiedScaledJob,
  open: readonly Scaler[],
  parts: ReadingParts,
  context: ControllerContext,
): Promise<QueueReadings> {
  const all = await Promise.all(open.map((scaler) => readTrigger(scaledJob, scaler, parts, context)));
  return {
    readings: all.flatMap(({ readings }) => readings),
    metricNames: all.flatMap(({ metricNames }) => metricNames),
    activeTriggers: all.flatMap(({ activeTriggers }) => activeTriggers),
    errors: all.flatMap(({ errors }) => errors),
  };
}

async function readTrigger(
  scaledJob: SpecifiedScaledJob,
  scaler: Scaler,
  { scalers, metrics }: ReadingParts,
  { client, clock, random, log }: ControllerContext,
): Promise<QueueReadings> {
  const seams = { client, clock, random, log };
  const readings: QueueReading[] = [];
  const metricNames: string[] = [];
  const activeTriggers: string[] = [];
  const errors: string[] = [];
  const { maxJobs } = limitsOf(scaledJob.spec);
  let active = false;
  try {
    const specs = await scalers.specsOf(scaler, seams);
    for (const { external } of specs) {
      // cpu and memory say nothing about a queue.
      if (!external) continue;
      const metricName = external.metric.name;
      const labels = labelsOf(scaledJob, scaler, metricName);
      metricNames.push(metricName);
      try {
        const reading = await scalers.read(scaledJob, scaler, metricName, seams);
        active ||= reading.active;
        if (reading.active) activeTriggers.push(metricName);
        readings.push({ ...readQueue(reading.values, specs, maxJobs), active });
        for (const { metricName: metric, value } of reading.values) metrics?.read({ ...labels, metric }, { value });
        metrics?.read(labels, { latencyMs: reading.latencyMs, active: reading.active });
        metrics?.scalerError(labels, false);
      } catch (error) {
        errors.push(messageOf(error));
        metrics?.scalerError(labels, true);
      }
    }
  } catch (error) {
    errors.push(messageOf(error));
  }
  return { readings, metricNames, activeTriggers, errors };
}

const labelsOf = ({ metadata }: SpecifiedScaledJob, { declared, index }: Scaler, metric: string): ScalerLabels => ({
  namespace: metadata.namespace as string,
  scaledObject: metadata.name,
  type: "scaledjob",
  scaler: scalerLabel(declared),
  triggerIndex: index,
  metric,
});
