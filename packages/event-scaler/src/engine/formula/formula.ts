import { FormulaError } from "./formula-error.ts";

/** A formula of scalingModifiers, ready to be computed. */
export interface Formula {
  readonly source: string;
  /** `undefined` as a value is nil. Gives a number, or nil where the formula says so. */
  evaluate(values: Readonly<Record<string, number | undefined>>): unknown;
}

export function compileFormula(source: string, variables: readonly string[]): Formula {
  void variables;
  throw new FormulaError(`not there yet: ${source}`);
}
