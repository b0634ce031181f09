import { type Job, Pod } from "@bellows/api";
import { type Cache, type ControllerContext, isNotFound, keyOf, type ObjectKey } from "@bellows/kube";
import { indexOf } from "../object-index.ts";
import { controllerOf } from "../ownership.ts";
import { fieldManager } from "../writes.ts";
import { isTracked, trackingFinalizer } from "./pods.ts";

/** Lets pods go that need not be counted any more: without the finalizer they may be deleted. */
export async function releaseAll({ client }: ControllerContext, pods: readonly Pod[]): Promise<undefined> {
  const release = async (pod: Pod) => {
    const finalizers = pod.metadata.finalizers?.filter((finalizer) => finalizer !== trackingFinalizer);
    const body = { metadata: { uid: pod.metadata.uid, finalizers: finalizers?.length ? finalizers : null } };
    await client.patch(Pod, keyOf(pod), { type: "merge", body }, { fieldManager }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  };
  await Promise.all(pods.filter(isTracked).map(release));
  return undefined;
}

/** Pods of a Job that is gone, though another may have its name: nobody will count them. */
export const podsLeftBehind = (cache: Cache, { namespace, name }: ObjectKey, job: Job | undefined): Pod[] =>
  indexOf(cache, Pod, "job", (pod) => {
    const owner = controllerOf(pod);
    return owner?.kind === "Job" && isTracked(pod) ? [`${pod.metadata.namespace}/${owner.name}`] : [];
  })
    .at(`${namespace}/${name}`)
    .filter((pod) => controllerOf(pod)?.uid !== job?.metadata.uid);
