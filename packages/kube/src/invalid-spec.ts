import { type ConditionFields, type Kind, type KubernetesObject, setCondition } from "@bellows/api";
import { isInvalid } from "./api-error.ts";
import type { ControllerContext } from "./controller.ts";

interface Conditioned extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly ConditionFields[] };
}

/**
 * Says once of a spec that nothing can be made of what is wrong with it: by an Event, and by the condition that is named.
 * What the object scales keeps what it has.
 */
export async function reportInvalidSpec<T extends KubernetesObject>(
  kind: Kind<T>,
  object: T,
  condition: Pick<ConditionFields, "type" | "observedGeneration">,
  message: string,
  { client, clock, events }: Pick<ControllerContext, "client" | "clock" | "events">,
): Promise<void> {
  const { metadata, status } = object as Conditioned;
  const known = status?.conditions?.find(({ type }) => type === condition.type);
  if (known?.status === "False" && known.message === message) return;
  events.record(object, { type: "Warning", reason: "InvalidSpec", message });
  const next = { ...condition, status: "False" as const, reason: "InvalidSpec", message };
  const { namespace, name, generation } = metadata;
  const observed = generation !== undefined && { observedGeneration: generation };
  const body = { status: { ...observed, conditions: setCondition(status?.conditions, next, clock.now()) } };
  const key = { ...(namespace !== undefined && { namespace }), name };
  try {
    await client.patch(kind, key, { type: "merge", body }, { subresource: "status" });
  } catch (error) {
    // With a spec that its definition refuses, the API server may refuse the status, too: then the Event has to do.
    if (!isInvalid(error)) throw error;
  }
}
