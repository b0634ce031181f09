/** A formula that can't be compiled or computed. The message says where: line and column, and the line with a mark. */
export class FormulaError extends Error {
  override readonly name = "FormulaError";
}
