/** A formula that can't be compiled or computed. The message says where: line and column, and the line with a mark. */
export class FormulaError extends Error {
  override readonly name = "FormulaError";
}

/** What went wrong at an offset of the source, in the form that expr-lang gives it. */
export function errorAt(source: string, offset: number, message: string): FormulaError {
  const before = source.slice(0, offset).split("\n");
  const line = source.split("\n")[before.length - 1] ?? "";
  const column = before.at(-1)?.length ?? 0;
  if (line === "") return new FormulaError(message);
  const mark = `${".".repeat(column)}^`;
  return new FormulaError(`${message} (${before.length}:${column + 1})\n | ${line.replaceAll("\t", " ")}\n | ${mark}`);
}
