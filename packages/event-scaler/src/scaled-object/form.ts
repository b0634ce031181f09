import { ScaledObject, specProblem } from "@bellows/api";
import { Problem } from "./problem.ts";
import { triggersProblem } from "./spec-checks.ts";

export const targetFailed = "ScaledObject doesn't have correct scaleTargetRef specification";
export const triggersFailed = "ScaledObject doesn't have correct triggers specification";

/**
 * What of a ScaledObject can't be read. Where the definition is another one, or was when the object was stored, anything
 * may be there. Upstream's own words come first for what it has words for.
 */
export function formProblem(object: ScaledObject): Problem | undefined {
  const malformed = specProblem(ScaledObject, object);
  if (malformed === undefined) return undefined;
  const { scaleTargetRef, triggers } = (object.spec ?? {}) as Partial<NonNullable<ScaledObject["spec"]>>;
  if (!scaleTargetRef?.name) return new Problem(targetFailed, "ScaledObject.spec.scaleTargetRef.name is missing");
  if (triggers?.length === 0) return new Problem(triggersFailed, triggersProblem(triggers) ?? malformed);
  return new Problem("ScaledObject check failed", malformed);
}
