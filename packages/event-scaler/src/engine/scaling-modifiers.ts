import type { ScaledObject } from "@bellows/api";
import { compileFormula, type Formula, FormulaError } from "./formula/index.ts";
import { isResourceTrigger } from "./resource-trigger.ts";

/** The metric that a formula makes of all external metrics of a ScaledObject. */
export const compositeMetricName = "composite-metric";

type Spec = ScaledObject["spec"];

/** Whether any field of `scalingModifiers` is set. */
export function usesModifiers(spec: Spec): boolean {
  const { formula, target, activationTarget, metricType } = spec?.advanced?.scalingModifiers ?? {};
  return Boolean(formula || target || activationTarget || metricType);
}

/**
 * The compiled formula of a ScaledObject.
 * @throws FormulaError  with upstream's words about what is wrong in `scalingModifiers`
 */
export function compileModifiers(scaledObject: ScaledObject): Formula {
  const { spec } = scaledObject;
  const { formula = "", target = "", activationTarget = "", metricType } = spec?.advanced?.scalingModifiers ?? {};
  if (formula === "") throw new FormulaError("error ScalingModifiers.Formula is mandatory");
  if (target === "") throw inFormula("formula is given but target is empty");
  const names = (spec?.triggers ?? []).flatMap((trigger) =>
    trigger.name && !isResourceTrigger(trigger) ? [trigger.name] : [],
  );
  let compiled: Formula;
  try {
    compiled = compileFormula(castToFloat(formula), names);
    // As upstream: one run shows what only fails when it is computed.
    compiled.evaluate(Object.fromEntries(names.map((name) => [name, -1])));
  } catch (error) {
    throw inFormula((error as Error).message);
  }
  const wrong = targetProblem(target, metricType);
  if (wrong !== undefined) {
    throw new FormulaError(`error validating target in ScalingModifiers\n${wrong}`);
  }
  if (activationTarget !== "" && parseFloatStrictly(activationTarget) === undefined) {
    throw new FormulaError(
      `scalingModifiers.ActivationTarget parsing error strconv.ParseFloat: parsing ${JSON.stringify(activationTarget)}: invalid syntax`,
    );
  }
  return compiled;
}

export interface CompositeInput {
  readonly spec: Spec;
  readonly formula: Formula;
  /** By the names of the triggers; `undefined` where the metric is past its fallback's threshold (nil in formulas). */
  readonly values: Readonly<Record<string, number | undefined>>;
}

/**
 * The value of the composite metric, with three decimals.
 * @throws FormulaError  where the formula can't be computed, or gives no number
 */
export function compositeValue({ spec, formula, values }: CompositeInput): number {
  let result: unknown;
  try {
    result = formula.evaluate(values);
  } catch (error) {
    throw new FormulaError(`error trying to run custom formula: ${(error as Error).message}`);
  }
  if (result === undefined || result === null) return milli(fallbackTarget(spec));
  if (typeof result !== "number") {
    throw new FormulaError(`formula returned non-float result ${typeof result} (${String(result)})`);
  }
  // What is not finite would become an arbitrary number of replicas.
  if (!Number.isFinite(result)) throw new FormulaError(`formula returned ${result}, expected a finite number`);
  return milli(result);
}

/** Whether the composite metric asks for replicas. */
export function isCompositeActive(spec: Spec, value: number): boolean {
  const text = spec?.advanced?.scalingModifiers?.activationTarget || "0";
  // One that is no number was refused before anything was read.
  return value > Number(text);
}

const milli = (value: number) => Math.trunc(value * 1000) / 1000;

function fallbackTarget(spec: Spec): number {
  const { fallback, advanced } = spec ?? {};
  if (!fallback) throw new FormulaError("scalingModifiers formula evaluated to nil but no fallback is configured");
  return fallback.replicas * Number(advanced?.scalingModifiers?.target);
}

const inFormula = (message: string) => new FormulaError(`error validating formula in ScalingModifiers\n${message}`);

function targetProblem(target: string, metricType: string | undefined): string | undefined {
  const number = parseFloatStrictly(target);
  if (number === undefined || number <= 0) {
    const why =
      number === undefined ? `strconv.ParseFloat: parsing ${JSON.stringify(target)}: invalid syntax` : "%!w(<nil>)";
    return `error converting target for scalingModifiers (string->float) to valid target: ${why}`;
  }
  if (metricType === "Utilization") {
    return "error trigger type is Utilization, but it needs to be AverageValue or Value for external metrics";
  }
  return undefined;
}

/** What Go's `strconv.ParseFloat` takes of what people write. */
function parseFloatStrictly(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined;
}

const nilPrefix = "let _kedaCompositeResult = ";

/** A formula gives a float; one with `??` may also give nil, which stands for the fallback's replicas. */
function castToFloat(formula: string): string {
  if (formula.includes("??")) {
    if (formula.startsWith(nilPrefix)) return formula;
    return `${nilPrefix}(${formula}); _kedaCompositeResult == nil ? nil : float(_kedaCompositeResult)`;
  }
  return formula.startsWith("float(") ? formula : `float(${formula})`;
}
