export { compileFormula, type Formula } from "./formula.ts";
export { FormulaError } from "./formula-error.ts";
