import {
  type Decision,
  type DecisionSubject,
  decisionAnnotation,
  decisionRecordAnnotation,
  ScaledObject,
  stableJson,
} from "@bellows/api";
import { ApiError, type ControllerContext, keyOf, keyText } from "@bellows/kube";
import type { ScaleLoop } from "./scale-loops.ts";
import type { ScalingParts } from "./scaling-controller.ts";

export const subjectOf = ({ metadata: { namespace, name, uid } }: ScaledObject): DecisionSubject => ({
  apiVersion: "keda.sh/v1alpha1",
  kind: "ScaledObject",
  ...(namespace && { namespace }),
  name,
  ...(uid && { uid }),
});

/**
 * Tells of a decision: the log, the metric, and (where it did something or comes to something else than the last one)
 * the annotation that `bellows why` reads.
 * @param noteworthy  the same for decisions that need not be kept one by one
 */
export async function explain(
  object: ScaledObject,
  record: Decision<unknown, unknown>,
  noteworthy: string,
  loop: ScaleLoop,
  { decisions }: ScalingParts,
  { client, log }: ControllerContext,
): Promise<void> {
  decisions?.explain(record, { regarding: object, log: "scaled target" });
  if (record.action === undefined && loop.explained === noteworthy) return;
  loop.explained = noteworthy;
  const annotations = { [decisionAnnotation]: record.id, [decisionRecordAnnotation]: stableJson(record) };
  try {
    await client.patch(ScaledObject, keyOf(object), { type: "merge", body: { metadata: { annotations } } });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    log.warn("a decision could not be kept", { ScaledObject: keyText(keyOf(object)), error: error.message });
  }
}
