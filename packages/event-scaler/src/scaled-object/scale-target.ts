import type { ScaledObject } from "@bellows/api";
import {
  ApiError,
  type Client,
  isConflict,
  isNotFound,
  objectPath,
  parseApiVersion,
  type Scale,
  type ScaleTarget,
} from "@bellows/kube";

export type GroupVersionKindResource = NonNullable<NonNullable<ScaledObject["status"]>["scaleTargetGVKR"]>;

/** Why a target can't be scaled. */
export interface TargetProblem {
  /** The Event beside that of the condition. */
  readonly event: { readonly reason: "ScaledObjectCheckFailed" | "ScaledObjectUpdateFailed"; readonly message: string };
  readonly message: string;
}

export type FoundTarget =
  | { readonly gvkr: GroupVersionKindResource; readonly scale: Scale }
  | { readonly problem: TargetProblem };

/** `group/version.kind`, as the status has it. */
export const gvkText = ({ group, version, kind }: GroupVersionKindResource): string => `${group}/${version}.${kind}`;

/** The target of a ScaledObject: a Deployment of apps/v1 where it doesn't say. */
export function targetOf({ metadata, spec }: ScaledObject): ScaleTarget {
  return {
    apiVersion: spec?.scaleTargetRef?.apiVersion || "apps/v1",
    kind: spec?.scaleTargetRef?.kind || "Deployment",
    namespace: metadata.namespace as string,
    name: spec?.scaleTargetRef?.name ?? "",
  };
}

/** Finds what the ScaledObject scales, and its scale. */
export async function findTarget(client: Client, scaledObject: ScaledObject): Promise<FoundTarget> {
  const target = targetOf(scaledObject);
  const resource = await client.resourceOf(target.apiVersion, target.kind);
  if (!resource) {
    const message = `no matches for kind ${JSON.stringify(target.kind)} in version ${JSON.stringify(target.apiVersion)}`;
    return { problem: { event: { reason: "ScaledObjectUpdateFailed", message }, message } };
  }
  const { group, version } = parseApiVersion(target.apiVersion);
  const gvkr = { group, version, kind: target.kind, resource: resource.plural };
  try {
    return { gvkr, scale: await client.getScale(target) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const scope = resource.namespaced ? "Namespaced" : "Cluster";
    const missing = await missingMessage(client, objectPath({ ...resource, scope }, target));
    const event =
      missing === undefined ? "Target resource doesn't expose /scale subresource" : "Target resource doesn't exist";
    return {
      problem: { event: { reason: "ScaledObjectCheckFailed", message: event }, message: missing ?? error.message },
    };
  }
}

async function missingMessage(client: Client, path: string): Promise<string | undefined> {
  try {
    await client.raw(path);
    return undefined;
  } catch (error) {
    if (isNotFound(error)) return (error as ApiError).message;
    throw error;
  }
}

const conflictRetries = 5;

/**
 * Gives the target its replicas by the version that was read. Where something else of it has changed meanwhile, as its
 * status does all the time, the same count is written to the new version.
 * @throws ApiError  also where somebody else has scaled it meanwhile: the next look decides anew
 */
export async function writeReplicas(
  client: Client,
  object: ScaledObject,
  scale: Scale,
  replicas: number,
): Promise<Scale> {
  const target = targetOf(object);
  for (let attempt = 1, latest = scale; ; attempt++) {
    try {
      return await client.updateScale(target, replicas, latest.metadata.resourceVersion);
    } catch (error) {
      if (!isConflict(error) || attempt === conflictRetries) throw error;
      latest = await client.getScale(target);
      if (latest.spec?.replicas !== scale.spec?.replicas) throw error;
    }
  }
}
