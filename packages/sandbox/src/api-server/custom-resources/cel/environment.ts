import { Environment } from "@marcbachmann/cel-js";
import { registerFormatFunctions } from "./format-functions.ts";
import { registerListFunctions } from "./list-functions.ts";
import { registerNetworkFunctions } from "./network-functions.ts";
import { registerQuantityFunctions } from "./quantity-functions.ts";
import { registerSemverFunctions } from "./semver-functions.ts";
import { registerTextFunctions } from "./text-functions.ts";

let base: Environment | undefined;

/** Variables by name, each with its CEL type: `dyn` where it depends on the value. */
export type Variables = Readonly<Record<string, string>>;

/** CEL with the functions that Kubernetes 1.35 adds to it, and the given variables. */
export function kubernetesEnvironment(variables: Variables = {}): Environment {
  base ??= makeBase();
  const env = base.clone();
  for (const [name, type] of Object.entries(variables)) env.registerVariable(name, type);
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
