import type { Kind, KubernetesObject } from "@bellows/api";
import { type Client, isNotFound, keyOf } from "@bellows/kube";

/** KEDA's finalizer, on all of its kinds. */
const finalizer = "finalizer.keda.sh";

export const hasFinalizer = ({ metadata: { finalizers } }: KubernetesObject): boolean =>
  finalizers?.includes(finalizer) === true;

/**
 * Gives an object the finalizer and the labels that it is to have.
 * @returns the object as it is then; the same one where nothing was written
 */
export async function ensureFinalizer<T extends KubernetesObject>(
  client: Client,
  kind: Kind<T>,
  object: T,
  labels: Readonly<Record<string, string>> = {},
): Promise<T> {
  const { finalizers = [], labels: found, resourceVersion } = object.metadata;
  const isMarked = hasFinalizer(object);
  const isLabelled = Object.entries(labels).every(([name, value]) => found?.[name] === value);
  if (isMarked && isLabelled) return object;
  const metadata = {
    resourceVersion,
    ...(!isLabelled && { labels }),
    ...(!isMarked && { finalizers: [...finalizers, finalizer] }),
  };
  return client.patch(kind, keyOf(object), { type: "merge", body: { metadata } });
}

/** Lets an object go. */
export async function removeFinalizer<T extends KubernetesObject>(
  client: Client,
  kind: Kind<T>,
  object: T,
): Promise<void> {
  const { finalizers = [], resourceVersion } = object.metadata;
  const body = { metadata: { resourceVersion, finalizers: finalizers.filter((one) => one !== finalizer) } };
  try {
    await client.patch(kind, keyOf(object), { type: "merge", body });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
