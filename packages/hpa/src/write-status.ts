import {
  decisionAnnotation,
  decisionRecordAnnotation,
  type HorizontalPodAutoscaler,
  type HorizontalPodAutoscalerCondition,
  type HorizontalPodAutoscalerStatus,
  type Kind,
  setCondition,
  stableJson,
} from "@bellows/api";
import { type ControllerContext, isInvalid } from "@bellows/kube";
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

/** For a spec that nothing can be made of: the target keeps what it has. */
export async function writeProblem(
  kind: Kind<HorizontalPodAutoscaler>,
  hpa: HorizontalPodAutoscaler,
  message: string,
  { client, clock, events }: ControllerContext,
): Promise<void> {
  const { metadata, status: before } = hpa;
  const known = before?.conditions?.find(({ type }) => type === "AbleToScale");
  if (known?.status === "False" && known.message === message) return;
  events.record(hpa, { type: "Warning", reason: "InvalidSpec", message });
  const next = { type: "AbleToScale", status: "False", reason: "InvalidSpec", message };
  const conditions = setCondition<HorizontalPodAutoscalerCondition>(before?.conditions, next, clock.now());
  const { generation } = metadata;
  const body = { status: { ...(generation !== undefined && { observedGeneration: generation }), conditions } };
  const key = { namespace: metadata.namespace as string, name: metadata.name };
  try {
    await client.patch(kind, key, { type: "merge", body }, { subresource: "status" });
  } catch (error) {
    // With a spec that its definition refuses, the API server may refuse the status, too: then the Event has to do.
    if (!isInvalid(error)) throw error;
  }
}
