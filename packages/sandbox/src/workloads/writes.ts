import { type Kind, type KubernetesObject, type OwnerReference, stableJson } from "@bellows/api";
import {
  ApiError,
  type Client,
  type Controller,
  type ControllerContext,
  isConflict,
  isNotFound,
  keyOf,
  lookAgainAt,
} from "@bellows/kube";

/** What writes carry as their field manager. */
export const fieldManager = "kube-controller-manager";

/** Writes a status where it differs. A conflict throws: what was computed rests on an old state. */
export async function writeStatus<T extends KubernetesObject & { status?: unknown }>(
  client: Client,
  kind: Kind<T>,
  object: T,
  status: NonNullable<T["status"]>,
): Promise<T> {
  if (stableJson(object.status ?? {}) === stableJson(status)) return object;
  return client.update(kind, { ...object, status }, { subresource: "status", fieldManager });
}

/** Deletes this very object, not another that has taken its name since. Gone already is fine. */
export async function deleteExactly<T extends KubernetesObject>(
  client: Client,
  kind: Kind<T>,
  object: T,
  propagationPolicy?: "Orphan" | "Background" | "Foreground",
): Promise<void> {
  const { uid } = object.metadata;
  const options = { ...(uid && { preconditions: { uid } }), ...(propagationPolicy && { propagationPolicy }) };
  await client.delete(kind, keyOf(object), options).catch((error: unknown) => {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  });
}

/** The ownerReference by which `owner` controls what it makes. */
export const controllerReference = (kind: Kind, { metadata }: KubernetesObject): OwnerReference => ({
  apiVersion: kind.apiVersion,
  kind: kind.kind,
  name: metadata.name,
  uid: metadata.uid ?? "",
  controller: true,
  blockOwnerDeletion: true,
});

/** Creation is refused because the namespace goes away: there is nothing left to do. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof ApiError && error.code === 403 && /being terminated/.test(error.message);

/** How long until a reconcile that rested on an old state is tried again. */
const conflictRetryMs = 20;

/** A controller for which a conflict is no fault: the next state is on its way, it looks again then. */
export function toleratingConflicts(controller: Controller): Controller {
  return {
    ...controller,
    async reconcile(key, context: ControllerContext) {
      try {
        return await controller.reconcile(key, context);
      } catch (error) {
        if (isNamespaceTerminating(error)) return undefined;
        if (!isConflict(error) && !isNotFound(error)) throw error;
        return lookAgainAt(context.clock.now() + conflictRetryMs);
      }
    },
  };
}
