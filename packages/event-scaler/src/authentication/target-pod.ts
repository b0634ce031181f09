import { Deployment, type PodSpec, StatefulSet } from "@bellows/api";
import { type Client, isNotFound } from "@bellows/kube";
import type { Scalable } from "../scaling.ts";

/** The pods that an object scales, and the container whose environment its triggers may name. */
export interface TargetPod {
  readonly podSpec: PodSpec;
  /** The first one when left out. */
  readonly containerName: string | undefined;
}

/**
 * The pods of what an object scales: anything whose spec has a pod template, as Deployments do.
 * @returns undefined  for a target without containers, which has no environment
 * @throws where the target isn't there
 */
export async function readTargetPod(object: Scalable, client: Client): Promise<TargetPod | undefined> {
  const { spec } = object;
  if (!spec) return undefined;
  if ("jobTargetRef" in spec) return targetPod(spec.jobTargetRef.template.spec, spec.envSourceContainerName);
  const { apiVersion, kind, name, envSourceContainerName } = spec.scaleTargetRef;
  const namespace = object.metadata.namespace as string;
  const podSpec = await readPodSpec(client, apiVersion || "apps/v1", kind || "Deployment", namespace, name);
  return targetPod(podSpec, envSourceContainerName);
}

const targetPod = (podSpec: PodSpec | undefined, containerName: string | undefined): TargetPod | undefined =>
  podSpec?.containers?.length ? { podSpec, containerName } : undefined;

async function readPodSpec(
  client: Client,
  apiVersion: string,
  kind: string,
  namespace: string,
  name: string,
): Promise<PodSpec | undefined> {
  const missing = () => new Error(`spec.scaleTargetRef: ${kind} "${name}" not found in namespace "${namespace}"`);
  if (apiVersion === "apps/v1" && (kind === "Deployment" || kind === "StatefulSet")) {
    const found = await client.find(kind === "Deployment" ? Deployment : (StatefulSet as never), { namespace, name });
    if (!found) throw missing();
    return (found as Deployment).spec?.template.spec;
  }
  const resource = await client.resourceOf(apiVersion, kind);
  if (!resource) throw new Error(`spec.scaleTargetRef: no matches for kind "${kind}" in version "${apiVersion}"`);
  const prefix = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  try {
    const found = await client.raw(`${prefix}/namespaces/${namespace}/${resource.plural}/${name}`);
    return (found as { spec?: { template?: { spec?: PodSpec } } }).spec?.template?.spec;
  } catch (error) {
    throw isNotFound(error) ? missing() : error;
  }
}
