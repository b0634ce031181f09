import { Environment } from "@marcbachmann/cel-js";

interface OptionalClass {
  of(value: unknown): unknown;
}

let optionals: OptionalClass | undefined;

/** A CEL optional: none for undefined. The interpreter keeps its class to itself, so an expression has to show it. */
export function optionalValue(value: unknown): unknown {
  optionals ??= new Environment({ enableOptionalTypes: true }).evaluate("optional.none()").constructor as OptionalClass;
  return optionals.of(value);
}
