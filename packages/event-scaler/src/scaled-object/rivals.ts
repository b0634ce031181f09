import { HorizontalPodAutoscaler, isWellFormed, ScaledObject } from "@bellows/api";
import { type Cache, parseApiVersion, type ScaleTarget } from "@bellows/kube";
import { annotations } from "../engine/annotations.ts";
import { hpaNameOf } from "./hpa.ts";
import { targetOf } from "./scale-target.ts";

/**
 * Another ScaledObject of the same target that was there before: two that scale one would undo each other's work. The
 * admission webhook refuses the second; this is for where it isn't installed.
 */
export function rivalScaledObject(object: ScaledObject, cache: Cache): ScaledObject | undefined {
  const target = targetOf(object);
  return cache
    .list(ScaledObject, object.metadata.namespace)
    .find(
      (other) =>
        other.metadata.name !== object.metadata.name &&
        isWellFormed(ScaledObject, other) &&
        other.spec?.scaleTargetRef.name === target.name &&
        !other.metadata.deletionTimestamp &&
        isSameTarget(targetOf(other), target) &&
        isOlder(other, object),
    );
}

/** An HPA of the same target that is not this object's own, and that nobody has taken out of the check. */
export function rivalHpa(object: ScaledObject, cache: Cache): HorizontalPodAutoscaler | undefined {
  const target = targetOf(object);
  const own = hpaNameOf(object);
  return cache.list(HorizontalPodAutoscaler, object.metadata.namespace).find(({ metadata, spec }) => {
    const { apiVersion = "v1", kind, name } = spec?.scaleTargetRef ?? { kind: "", name: "" };
    return (
      name === target.name &&
      metadata.name !== own &&
      !metadata.deletionTimestamp &&
      isSameTarget({ apiVersion, kind, name }, target) &&
      metadata.annotations?.[annotations.hpaOwnershipValidation] !== "false" &&
      !metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid)
    );
  });
}

/** Versions of one group are the same objects. */
const isSameTarget = (one: Omit<ScaleTarget, "namespace">, other: Omit<ScaleTarget, "namespace">): boolean =>
  one.name === other.name &&
  one.kind === other.kind &&
  parseApiVersion(one.apiVersion).group === parseApiVersion(other.apiVersion).group;

function isOlder({ metadata: one }: ScaledObject, { metadata: other }: ScaledObject): boolean {
  const [before = "", after = ""] = [one.creationTimestamp, other.creationTimestamp];
  return before === after ? one.name < other.name : before < after;
}
