import { Node, Pod, type Taint, timestamp, toleratedSeconds } from "@bellows/api";
import { type Controller, type ControllerContext, keyOf, lookAgainAt, mapped, type ObjectKey } from "@bellows/kube";
import { podsByNode } from "../object-index.ts";
import { isFinished, isTerminating } from "../pod-state.ts";
import { deleteExactly, fieldManager, toleratingConflicts } from "../writes.ts";

const evicting = ({ spec }: Node): readonly Taint[] =>
  (spec?.taints ?? []).filter(({ effect }) => effect === "NoExecute");

/** Deletes pods from nodes with NoExecute taints that they do not tolerate, or no longer. Writes: pods, Events. */
export function taintEvictionController(): Controller {
  /** Since when a pod is to go: the end of its toleration counts from when the taints were first seen. */
  const planned = new Map<string, number>();
  return toleratingConflicts({
    name: "taint-eviction-controller",
    watches: [
      mapped(Pod, (pod, { cache }) => {
        const name = pod.spec?.nodeName;
        const node = name ? cache.get(Node, { name }) : undefined;
        return planned.has(pod.metadata.uid ?? "") || (node && evicting(node).length > 0) ? [keyOf(pod)] : [];
      }),
      mapped(Node, (node, { cache }) => {
        const pods = podsByNode(cache).at(node.metadata.name);
        // Nodes without such taints matter only to pods whose eviction is planned.
        if (evicting(node).length > 0) return pods.map(keyOf);
        return pods.filter((pod) => planned.has(pod.metadata.uid ?? "")).map(keyOf);
      }),
    ],
    async reconcile(key, context) {
      const { cache, clock } = context;
      const pod = cache.get(Pod, key);
      if (!pod?.spec?.nodeName || isTerminating(pod) || isFinished(pod)) {
        if (pod) planned.delete(pod.metadata.uid ?? "");
        return undefined;
      }
      const uid = pod.metadata.uid ?? "";
      const node = cache.get(Node, { name: pod.spec.nodeName });
      const taints = node ? evicting(node) : [];
      const seconds = taints.length === 0 ? Number.POSITIVE_INFINITY : toleratedSeconds(taints, pod.spec.tolerations);
      if (seconds === Number.POSITIVE_INFINITY) {
        if (planned.delete(uid)) tell(context, pod, `Cancelling deletion of Pod ${nameOf(key)}`);
        return undefined;
      }
      const now = clock.now();
      const since = planned.get(uid) ?? now;
      const evictAt = since + seconds * 1000;
      if (evictAt > now) {
        planned.set(uid, since);
        return lookAgainAt(evictAt);
      }
      planned.delete(uid);
      await evict(pod, context);
      return undefined;
    },
  });
}

const nameOf = ({ namespace, name }: ObjectKey) => `${namespace}/${name}`;

function tell({ events }: ControllerContext, pod: Pod, message: string): void {
  events.record(pod, { type: "Normal", reason: "TaintManagerEviction", message });
}

async function evict(pod: Pod, context: ControllerContext): Promise<void> {
  tell(context, pod, `Marking for deletion Pod ${nameOf(keyOf(pod))}`);
  const disrupted = {
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByTaintManager",
    message: "Taint manager: deleting due to NoExecute taint",
    lastTransitionTime: timestamp(context.clock.now()),
  };
  const body = { status: { conditions: [disrupted] } };
  await context.client.patch(Pod, keyOf(pod), { type: "strategic", body }, { subresource: "status", fieldManager });
  await deleteExactly(context.client, Pod, pod);
}
