import type { ScaledObject } from "@bellows/api";
import type { MetricValue } from "@bellows/triggers";
import {
  compileModifiers,
  compositeMetricName,
  compositeValue,
  type Formula,
  isCompositeActive,
  isResourceTrigger,
  usesModifiers,
} from "../engine/index.ts";
import { messageOf } from "../scalers/index.ts";
import type { MetricResult, TriggerFailure } from "./read-metrics.ts";

/** What all triggers of an object say together. */
export interface ScaledObjectState {
  readonly active: boolean;
  /** A trigger could not be read, and no fallback stands in. */
  readonly failing: boolean;
  /** Names of the metrics that ask for replicas. */
  readonly activeTriggers: readonly string[];
  readonly isFallback: boolean;
  /** What the HPA is told: one value for each external metric, or that of the formula. */
  readonly values: readonly MetricValue[];
  readonly errors: readonly string[];
}

/** Puts the readings of one poll together. */
export function stateOf(
  object: ScaledObject,
  results: readonly MetricResult[],
  failures: readonly TriggerFailure[],
): ScaledObjectState {
  const triggers = object.spec?.triggers ?? [];
  const errors = [...failures.map(({ error }) => error), ...results.flatMap(({ error }) => error ?? [])];
  const composite = compositeOf(object, results);
  if (composite.error !== undefined) errors.push(composite.error);
  const failing = errors.length > 0;
  const isFallback = results.some((result) => result.isFallback);
  const common = { failing, errors, isFallback, values: composite.values };
  if (usesModifiers(object.spec)) {
    const asking = failing ? [] : composite.values.filter(({ value }) => isCompositeActive(object.spec, value));
    const onlyResources = !failing && hasOnlyResources(triggers);
    return {
      ...common,
      active: asking.length > 0 || onlyResources,
      activeTriggers: asking.map((one) => one.metricName),
    };
  }
  const asking = results.filter(({ active, error }) => active && error === undefined);
  return {
    ...common,
    active: asking.length > 0 || (!failing && hasOnlyResources(triggers)),
    activeTriggers: asking.flatMap(({ values }) => values.map(({ metricName }) => metricName)),
  };
}

/** With cpu and memory alone nothing could ever wake a target at zero: such an object is always active. */
const hasOnlyResources = (triggers: readonly { readonly type: string }[]): boolean => triggers.every(isResourceTrigger);

/** The values as the HPA gets them: as they are, or what the formula makes of them. */
export function compositeOf(
  object: ScaledObject,
  results: readonly MetricResult[],
): { readonly values: readonly MetricValue[]; readonly error?: string } {
  const values = results.flatMap((result) => result.values);
  const { spec } = object;
  if (!usesModifiers(spec)) return { values };
  const [fallback] = results.filter(({ isFallback }) => isFallback).flatMap((result) => result.values);
  if (fallback) return { values: [{ metricName: compositeMetricName, value: fallback.value }] };
  if (!spec?.advanced?.scalingModifiers?.formula) return { values };
  // A formula over some of its triggers only would give any number.
  if (results.some(({ error }) => error !== undefined)) return { values: [] };
  try {
    const value = compositeValue({ spec, formula: formulaOf(object), values: valuesByTrigger(results) });
    return { values: [{ metricName: compositeMetricName, value }] };
  } catch (error) {
    return { values: [], error: messageOf(error) };
  }
}

/** What a formula sees of each trigger: the value of its own metric, whatever else its source tells; the last of several. */
function valuesByTrigger(results: readonly MetricResult[]): Readonly<Record<string, number | undefined>> {
  const triggerOf = new Map(results.map(({ scaler, metricName }) => [metricName, scaler.declared.name ?? ""]));
  const named: Record<string, number | undefined> = {};
  for (const { values, isNil } of results) {
    for (const { metricName, value } of values) {
      const trigger = triggerOf.get(metricName);
      if (trigger !== undefined) named[trigger] = isNil ? undefined : value;
    }
  }
  return named;
}

/** Compiled once for each spec: objects that are read from the cache share what has not changed. */
const formulas = new WeakMap<object, Formula>();

/** @throws FormulaError  for `scalingModifiers` that can't be used */
export function formulaOf(object: ScaledObject): Formula {
  const spec = object.spec as object;
  let formula = formulas.get(spec);
  if (!formula) {
    formula = compileModifiers(object);
    formulas.set(spec, formula);
  }
  return formula;
}
