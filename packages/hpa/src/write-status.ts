import {
  decisionAnnotation,
  decisionRecordAnnotation,
  type HorizontalPodAutoscaler,
  type HorizontalPodAutoscalerStatus,
  type Kind,
  stableJson,
} from "@bellows/api";
import type { ControllerContext } from "@bellows/kube";
import type { HpaRecord } from "./explain.ts";
import { refusal } from "./observe-scale.ts";

/** Writes a status that has changed, and with it the decision that led to it. */
export async function writeStatus(
  kind: Kind<HorizontalPodAutoscaler>,
  hpa: HorizontalPodAutoscaler,
  status: HorizontalPodAutoscalerStatus,
  record: HpaRecord,
  context: ControllerContext,
): Promise<void> {
  // What is absent now must not stay from before: a merge patch removes what is null.
  const gone = Object.keys(hpa.status ?? {}).filter((field) => !(field in status));
  const metadata = {
    annotations: { [decisionAnnotation]: record.id, [decisionRecordAnnotation]: stableJson(record) },
  };
  const changed = { ...status, ...Object.fromEntries(gone.map((field) => [field, null])) };
  const key = { namespace: hpa.metadata.namespace as string, name: hpa.metadata.name };
  const write = (body: object, options?: { subresource: string }) =>
    context.client.patch(kind, key, { type: "merge", body }, options);
  try {
    // The status of a custom resource takes no annotations along; they come first, so that the status tells of no
    // decision that can't be looked up.
    if (kind.custom) await write({ metadata });
    await write({ ...(!kind.custom && { metadata }), status: changed }, { subresource: "status" });
  } catch (error) {
    context.events.record(hpa, { type: "Warning", reason: "FailedUpdateStatus", message: refusal(error) });
  }
}
