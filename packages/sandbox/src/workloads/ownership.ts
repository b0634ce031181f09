import type { Kind, KubernetesObject, OwnerReference } from "@bellows/api";
import { type ControllerContext, isConflict, isNotFound, keyOf } from "@bellows/kube";
import { byController, orphansByNamespace } from "./object-index.ts";
import { controllerReference, fieldManager } from "./writes.ts";

export const controllerOf = ({ metadata }: KubernetesObject): OwnerReference | undefined =>
  metadata.ownerReferences?.find((reference) => reference.controller);

interface Claim<T> {
  readonly owner: KubernetesObject;
  readonly ownerKind: Kind;
  readonly kind: Kind<T & KubernetesObject>;
  readonly matches: (object: T) => boolean;
  /** Beyond matching, what an orphan must be to be adopted. */
  readonly adoptable?: (object: T) => boolean;
}

/**
 * What an owner controls: its own that still match, and matching orphans that it adopts; own ones that no longer match are
 * released (controller `ControllerRefManager`, 1.35). An owner that is being deleted adopts and releases nothing.
 */
export async function claim<T extends KubernetesObject>(
  { client, cache }: ControllerContext,
  { owner, ownerKind, kind, matches, adoptable = () => true }: Claim<T>,
): Promise<T[]> {
  const { uid = "", namespace = "", deletionTimestamp } = owner.metadata;
  const claimed: T[] = [];
  for (const object of byController(cache, kind).at(uid)) {
    if (matches(object)) claimed.push(object);
    else if (!deletionTimestamp) await release(client, kind, object, uid);
  }
  if (deletionTimestamp) return claimed;
  const orphans = orphansByNamespace(cache, kind).at(namespace);
  let checked = false;
  for (const object of orphans) {
    if (object.metadata.deletionTimestamp || !matches(object) || !adoptable(object)) continue;
    if (!checked) {
      // Nothing is adopted on the word of a cache: the owner may be gone, and another have its name.
      const fresh = await client.find(ownerKind, keyOf(owner));
      if (fresh?.metadata.uid !== uid || fresh.metadata.deletionTimestamp) return claimed;
      checked = true;
    }
    const adopted = await adopt(client, kind, object, controllerReference(ownerKind, owner));
    if (adopted) claimed.push(adopted);
  }
  return claimed;
}

async function adopt<T extends KubernetesObject>(
  client: ControllerContext["client"],
  kind: Kind<T>,
  object: T,
  reference: OwnerReference,
): Promise<T | undefined> {
  const { uid, ownerReferences = [] } = object.metadata;
  const body = { metadata: { uid, ownerReferences: [...ownerReferences, reference] } };
  try {
    return await client.patch(kind, keyOf(object), { type: "merge", body }, { fieldManager });
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return undefined;
    throw error;
  }
}

async function release<T extends KubernetesObject>(
  client: ControllerContext["client"],
  kind: Kind<T>,
  object: T,
  ownerUid: string,
): Promise<void> {
  const rest = (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== ownerUid);
  const body = { metadata: { uid: object.metadata.uid, ownerReferences: rest.length > 0 ? rest : null } };
  try {
    await client.patch(kind, keyOf(object), { type: "merge", body }, { fieldManager });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
