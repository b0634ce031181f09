import { HorizontalPodAutoscaler, type ScaledObject } from "@bellows/api";
import { ApiError, type ControllerContext, isNotFound, keyOf } from "@bellows/kube";
import { annotations } from "../engine/annotations.ts";
import { hpaDiffers, hpaFor, hpaNameOf } from "./hpa.ts";
import type { HpaMetrics } from "./metric-specs.ts";
import type { GroupVersionKindResource } from "./scale-target.ts";

/** Makes the HPA of a ScaledObject what it is to be. A refusal of the server is thrown as it came. */
export async function ensureHpa(
  scaledObject: ScaledObject,
  target: GroupVersionKindResource,
  metrics: HpaMetrics,
  context: ControllerContext,
): Promise<void> {
  const { client, log } = context;
  const fields = { ScaledObject: scaledObject.metadata.name, HorizontalPodAutoscaler: hpaNameOf(scaledObject) };
  const wanted = hpaFor(scaledObject, target, metrics.specs);
  let found = findHpa(scaledObject, context);
  if (found && found.metadata.name !== wanted.metadata.name) {
    await deleteHpa(scaledObject, found, context);
    found = context.cache.get(HorizontalPodAutoscaler, keyOf(wanted));
  }
  if (!found) {
    await client.create(HorizontalPodAutoscaler, wanted);
    log.info("created HPA", fields);
    return;
  }
  if (!mayTakeOver(scaledObject, found)) {
    throw new ApiError(409, {
      message: `the workload '${scaledObject.spec?.scaleTargetRef.name}' of type '${target.group}/${target.version}.${target.kind}' is already managed by the hpa '${found.metadata.name}'`,
      reason: "Conflict",
    });
  }
  if (hpaDiffers(wanted, found)) {
    const { resourceVersion } = found.metadata;
    await client.update(HorizontalPodAutoscaler, { ...wanted, metadata: { ...wanted.metadata, resourceVersion } });
    log.info("updated HPA", fields);
  }
}

/** The HPA that a ScaledObject has: by the name that it was made with. */
function findHpa(scaledObject: ScaledObject, { cache }: ControllerContext): HorizontalPodAutoscaler | undefined {
  const { namespace } = keyOf(scaledObject);
  const name = scaledObject.status?.hpaName || hpaNameOf(scaledObject);
  return cache.get(HorizontalPodAutoscaler, { ...(namespace && { namespace }), name });
}

/** An HPA of somebody else is left alone, unless the ScaledObject or the HPA says that it may be taken over. */
function mayTakeOver({ metadata }: ScaledObject, found: HorizontalPodAutoscaler): boolean {
  const { ownerReferences = [], annotations: ofHpa } = found.metadata;
  const isOwn = ownerReferences.some(({ kind, name }) => kind === "ScaledObject" && name === metadata.name);
  return (
    isOwn ||
    metadata.annotations?.[annotations.transferHpaOwnership] === "true" ||
    ofHpa?.[annotations.hpaOwnershipValidation] === "false"
  );
}

/** Deletes the HPA, where there is one of this ScaledObject. */
export async function ensureNoHpa(scaledObject: ScaledObject, context: ControllerContext): Promise<void> {
  const found = findHpa(scaledObject, context);
  if (found && mayTakeOver(scaledObject, found)) await deleteHpa(scaledObject, found, context);
}

async function deleteHpa(
  scaledObject: ScaledObject,
  hpa: HorizontalPodAutoscaler,
  { client, log }: ControllerContext,
): Promise<void> {
  const { uid } = hpa.metadata;
  try {
    await client.delete(HorizontalPodAutoscaler, keyOf(hpa), { ...(uid && { preconditions: { uid } }) });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  log.info("deleted HPA", {
    ScaledObject: scaledObject.metadata.name,
    HorizontalPodAutoscaler: hpa.metadata.name,
  });
}
