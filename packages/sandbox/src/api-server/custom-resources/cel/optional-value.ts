import { Environment } from "@marcbachmann/cel-js";

let env: Environment | undefined;

/**
 * A CEL optional: none for undefined. The interpreter keeps its class to itself, so they are made by an expression.
 */
export function optionalValue(value: unknown): unknown {
  env ??= new Environment({ enableOptionalTypes: true }).registerVariable("value", "dyn");
  return value === undefined ? env.evaluate("optional.none()") : env.evaluate("optional.of(value)", { value });
}
