import type { MetricSpec } from "@bellows/api";
import type { z } from "zod";
import { type MetadataSchema, readMetadata } from "./metadata.ts";
import { externalMetric, externalMetricType, indexedMetricName, normalizeMetricName } from "./metric.ts";
import { type Trigger, type TriggerConfig, TriggerError, type TriggerSeams, type TriggerType } from "./trigger.ts";

/** What the file of a trigger says about its type. */
export interface TriggerDefinition<Schema extends MetadataSchema> {
  readonly types: TriggerType["types"];
  readonly summary: string;
  readonly metadata: Schema;
  /** Put before whatever is wrong, as upstream wraps it: `error parsing cron metadata`. */
  readonly problemPrefix: string;
  /** Put once more before what is wrong with parameters, for types where upstream wraps twice. */
  readonly parameterPrefix?: string;
  /** Put before what is wrong with the metric type, where upstream says it otherwise. */
  readonly metricTypePrefix?: string;
  /** Metadata of any name are for somebody else. */
  readonly anyMetadata?: boolean;
  /** The HPA reads the metric itself: Utilization is a type that it may have. */
  readonly readByHpa?: boolean;
  /** What is wrong with the parameters as a whole; asked also where some are missing. */
  readonly validate?: (values: Partial<z.output<Schema>>, config: TriggerConfig) => string | undefined;
  /**
   * Opens a trigger whose parameters are good.
   * @throws TriggerError  to which the prefix is added
   */
  open(values: z.output<Schema>, opening: Opening): Omit<Trigger, "notices">;
}

/** What a trigger is opened with, beside its parameters. */
export interface Opening extends TriggerSeams {
  readonly config: TriggerConfig;
  /**
   * The metric that the HPA reads from the external metrics API, and what it aims at.
   * @param name  made fit for a name, unless it is to be taken as it is
   */
  external(name: string, target: number, options?: { readonly asIs?: boolean }): MetricSpec;
}

/** A type of triggers whose metadata is read as its schema says. */
export function defineTrigger<Schema extends MetadataSchema>(definition: TriggerDefinition<Schema>): TriggerType {
  const { types, summary, metadata, problemPrefix, parameterPrefix, readByHpa, validate, metricTypePrefix } =
    definition;
  return {
    types,
    summary,
    metadata,
    open(config, seams) {
      const metricType = readByHpa ? "AverageValue" : externalMetricType(config.metricType, metricTypePrefix);
      const { values, notices } = prefixed([problemPrefix, parameterPrefix], () =>
        readMetadata(metadata, config, validate && ((found) => validate(found, config))),
      );
      const external = externalOf(config.index, metricType);
      const trigger = prefixed([problemPrefix], () => definition.open(values, { ...seams, config, external }));
      return Object.assign(trigger, {
        notices: definition.anyMetadata ? notices.filter(({ type }) => type !== "Warning") : notices,
      });
    },
  };
}

/** Apart from where a trigger is opened: it lives as long, and would keep all that the trigger was opened with. */
const externalOf =
  (index: number, metricType: ReturnType<typeof externalMetricType>): Opening["external"] =>
  (name, target, { asIs = false } = {}) =>
    externalMetric(indexedMetricName(index, asIs ? name : normalizeMetricName(name)), metricType, target);

function prefixed<T>(prefixes: readonly (string | undefined)[], run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TriggerError)) throw error;
    const message = [...prefixes.filter((prefix) => prefix !== undefined), error.message].join(": ");
    throw new TriggerError(message, { cause: error });
  }
}
