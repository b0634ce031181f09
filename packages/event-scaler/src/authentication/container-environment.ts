import type { Container, PodSpec } from "@bellows/api";
import type { References } from "./references.ts";

/**
 * The environment of a container as its kubelet would make it, as far as it comes from values, ConfigMaps and Secrets;
 * fields of the pod and its resources are left out.
 * @param containerName  the first one when left out
 * @throws where something is named that isn't there and isn't optional
 */
export async function containerEnvironment(
  podSpec: PodSpec,
  containerName: string | undefined,
  namespace: string,
  references: References,
): Promise<Record<string, string>> {
  const container = findContainer(podSpec, containerName);
  const environment: Record<string, string> = {};
  for (const source of container.envFrom ?? []) {
    Object.assign(environment, await environmentFrom(source, namespace, references));
  }
  for (const variable of container.env ?? []) {
    const value = await readValue(variable, environment, namespace, references);
    if (value !== undefined) environment[variable.name] = value;
  }
  return environment;
}

function findContainer({ containers }: PodSpec, name: string | undefined): Container {
  const found = name ? containers.find((container) => container.name === name) : containers[0];
  if (found) return found;
  if (containers.length === 0) throw new Error("target object doesn't have containers");
  const names = containers.map((container) => container.name).join(", ");
  throw new Error(`couldn't find container with name ${name} on Target object, which has ${names}`);
}

type EnvFrom = NonNullable<Container["envFrom"]>[number];
type EnvVar = NonNullable<Container["env"]>[number];

async function environmentFrom(
  { prefix = "", configMapRef, secretRef }: EnvFrom,
  namespace: string,
  references: References,
): Promise<Record<string, string>> {
  if (!configMapRef && !(secretRef && references.readsSecretsOf(namespace))) return {};
  const ref = (configMapRef ?? secretRef) as { name?: string; optional?: boolean };
  const name = ref.name ?? "";
  const values = await (configMapRef ? references.configMap(namespace, name) : references.secret(namespace, name));
  if (!values && !ref.optional) {
    const what = configMapRef ? "ConfigMap" : "Secret";
    throw new Error(`envFrom: ${what} "${name}" not found in namespace "${namespace}"`);
  }
  return Object.fromEntries(Object.entries(values ?? {}).map(([key, value]) => [prefix + key, value]));
}

async function readValue(
  { name, value, valueFrom }: EnvVar,
  environment: Readonly<Record<string, string>>,
  namespace: string,
  references: References,
): Promise<string | undefined> {
  if (value) return expand(value, environment);
  if (!valueFrom) return "";
  const secret = references.readsSecretsOf(namespace) ? valueFrom.secretKeyRef : undefined;
  const ref = secret ?? valueFrom.configMapKeyRef;
  if (!ref) return undefined;
  const from = ref.name ?? "";
  const values = await (secret ? references.secret(namespace, from) : references.configMap(namespace, from));
  if (values) return values[ref.key] ?? "";
  if (ref.optional) return undefined;
  const what = secret ? "Secret" : "ConfigMap";
  throw new Error(`env ${name}: ${what} "${from}" not found in namespace "${namespace}"`);
}

/**
 * Puts variables in the place of `$(NAME)`. `$$` is an escaped `$`; what is not known, or not closed, stays as it is. The
 * last three characters begin nothing, as upstream.
 */
export function expand(text: string, environment: Readonly<Record<string, string>>): string {
  let result = "";
  let at = 0;
  while (at < text.length) {
    if (text[at] !== "$" || at + 3 >= text.length) {
      result += text[at++];
      continue;
    }
    const next = text[at + 1];
    const closing = next === "(" ? text.indexOf(")", at + 2) : -1;
    if (closing >= 0) {
      const name = text.slice(at + 2, closing);
      result += Object.hasOwn(environment, name) ? environment[name] : `$(${name})`;
      at = closing + 1;
    } else {
      result += next === "$" ? "$" : `$${next}`;
      at += 2;
    }
  }
  return result;
}
