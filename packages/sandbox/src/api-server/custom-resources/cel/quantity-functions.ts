import { Quantity, quantityProblem } from "@bellows/api";
import type { Environment } from "@marcbachmann/cel-js";

const type = "kubernetes.Quantity";

const units = (quantity: Quantity) => quantity.toNumber();

/** `quantity()` and what can be done with quantities (Kubernetes' CEL library `quantity`). */
export function registerQuantityFunctions(env: Environment): void {
  env.registerType(type, Quantity);
  env.registerFunction(`quantity(string): ${type}`, (text: string) => Quantity.parse(text));
  env.registerFunction("isQuantity(string): bool", (text: string) => quantityProblem(text) === undefined);
  env.registerFunction(`${type}.sign(): int`, (q: Quantity) => BigInt(q.sign));
  env.registerFunction(`${type}.add(${type}): ${type}`, (a: Quantity, b: Quantity) => a.add(b));
  env.registerFunction(`${type}.add(int): ${type}`, (a: Quantity, b: bigint) => a.add(Quantity.of(b)));
  env.registerFunction(`${type}.sub(${type}): ${type}`, (a: Quantity, b: Quantity) => a.sub(b));
  env.registerFunction(`${type}.sub(int): ${type}`, (a: Quantity, b: bigint) => a.sub(Quantity.of(b)));
  env.registerFunction(`${type}.isLessThan(${type}): bool`, (a: Quantity, b: Quantity) => a.compare(b) < 0);
  env.registerFunction(`${type}.isGreaterThan(${type}): bool`, (a: Quantity, b: Quantity) => a.compare(b) > 0);
  env.registerFunction(`${type}.compareTo(${type}): int`, (a: Quantity, b: Quantity) =>
    BigInt(Math.sign(a.compare(b))),
  );
  env.registerFunction(`${type}.isInteger(): bool`, (q: Quantity) => Number.isInteger(units(q)));
  env.registerFunction(`${type}.asInteger(): int`, (q: Quantity) => {
    if (!Number.isInteger(units(q))) throw new Error("cannot convert value to integer");
    return BigInt(units(q));
  });
  env.registerFunction(`${type}.asApproximateFloat(): double`, (q: Quantity) => units(q));
  env.registerOperator(`${type} == ${type}`, (a: Quantity, b: Quantity) => a.compare(b) === 0);
}
