import { Environment } from "@marcbachmann/cel-js";
import { registerFormatFunctions } from "./format-functions.ts";
import { registerListFunctions } from "./list-functions.ts";
import { registerNetworkFunctions } from "./network-functions.ts";
import { registerQuantityFunctions } from "./quantity-functions.ts";
import { registerSemverFunctions } from "./semver-functions.ts";
import { registerTextFunctions } from "./text-functions.ts";

let base: Environment | undefined;

/** CEL with the functions that Kubernetes 1.35 adds to it, and `variables` of unknown type. */
export function kubernetesEnvironment(variables: readonly string[]): Environment {
  base ??= makeBase();
  const env = base.clone();
  for (const name of variables) env.registerVariable(name, "dyn");
  return env;
}

function makeBase(): Environment {
  const env = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false });
  registerTextFunctions(env);
  registerListFunctions(env);
  registerQuantityFunctions(env);
  registerNetworkFunctions(env);
  registerFormatFunctions(env);
  registerSemverFunctions(env);
  return env;
}
