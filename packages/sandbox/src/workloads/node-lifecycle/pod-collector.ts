import { Node, Pod, timestamp } from "@bellows/api";
import { type Controller, isConflict, isNotFound, keyOf, lookAgainAt, mapped } from "@bellows/kube";
import { podsByNode } from "../object-index.ts";
import { isFinished, isTerminating } from "../pod-state.ts";
import { fieldManager, toleratingConflicts } from "../writes.ts";

/** A node may be away this long before its pods are given up. */
const quarantineMs = 40_000;

/** Removes pods of nodes that are gone, and pods that were deleted before they had a node. Writes: pods. */
export function podCollector(): Controller {
  const missingSince = new Map<string, number>();
  return toleratingConflicts({
    name: "pod-garbage-collector",
    // Keys are names of nodes; the empty one is for pods that have none.
    watches: [
      mapped(Node, ({ metadata }) => [{ name: metadata.name }]),
      mapped(Pod, (pod, { cache }) => {
        const name = pod.spec?.nodeName;
        if (!name)
          return isTerminating(pod) ? [{ namespace: pod.metadata.namespace as string, name: pod.metadata.name }] : [];
        return cache.get(Node, { name }) ? [] : [{ name }];
      }),
    ],
    async reconcile(key, { cache, client, clock }) {
      const remove = async (pod: Pod) => {
        const { uid } = pod.metadata;
        const options = { gracePeriodSeconds: 0, ...(uid && { preconditions: { uid } }) };
        await client.delete(Pod, keyOf(pod), options).catch(ignoreGone);
      };
      if (key.namespace) {
        const pod = cache.get(Pod, key);
        if (pod && isTerminating(pod) && !pod.spec?.nodeName) await remove(pod);
        return undefined;
      }
      const pods = podsByNode(cache).at(key.name);
      if (cache.get(Node, key) || pods.length === 0) {
        missingSince.delete(key.name);
        return undefined;
      }
      const now = clock.now();
      const since = missingSince.get(key.name) ?? now;
      missingSince.set(key.name, since);
      if (now < since + quarantineMs) return lookAgainAt(since + quarantineMs);
      if (await client.find(Node, key)) return undefined;
      for (const pod of pods) {
        if (!isFinished(pod)) {
          const disrupted = {
            type: "DisruptionTarget",
            status: "True",
            reason: "DeletionByPodGC",
            message: "PodGC: node no longer exists",
            lastTransitionTime: timestamp(now),
          };
          const body = { status: { phase: "Failed", conditions: [disrupted] } };
          const options = { subresource: "status", fieldManager };
          await client.patch(Pod, keyOf(pod), { type: "strategic", body }, options).catch(ignoreGone);
        }
        await remove(pod);
      }
      return undefined;
    },
  });
}

function ignoreGone(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}
