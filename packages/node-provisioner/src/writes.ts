import type { Kind, KubernetesObject } from "@bellows/api";
import { type Client, isConflict, isNotFound, keyOf } from "@bellows/kube";

/**
 * Merges `body` into the object, as long as nobody changed it since it was read: lists are replaced whole.
 * @returns the object as it is now; undefined where it changed or went meanwhile, and a new look is due
 */
export async function patchUnchanged<T extends KubernetesObject>(
  client: Client,
  kind: Kind<T>,
  object: T,
  body: { readonly metadata?: object; readonly spec?: object; readonly status?: object },
  subresource?: "status",
): Promise<T | undefined> {
  const metadata = { ...body.metadata, resourceVersion: object.metadata.resourceVersion };
  const patch = { type: "merge", body: { ...body, metadata } } as const;
  try {
    return await client.patch(kind, keyOf(object), patch, subresource && { subresource });
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return undefined;
    throw error;
  }
}

/** Deletes the object that was read, and no later one of its name. Gone already is as good. */
export async function deleteObject<T extends KubernetesObject>(
  client: Client,
  kind: Kind<T>,
  object: T,
): Promise<void> {
  const { uid } = object.metadata;
  try {
    await client.delete(kind, keyOf(object), uid ? { preconditions: { uid } } : {});
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

/** The list with one more, or as it is. */
export const withItem = (list: readonly string[] | undefined, item: string): string[] =>
  list?.includes(item) ? [...list] : [...(list ?? []), item];
