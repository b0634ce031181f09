import { condition, Lease, Node, Pod, timestamp } from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  isConflict,
  isNotFound,
  keyOf,
  lookAgainAt,
  self,
} from "@bellows/kube";
import { podsByNode } from "../object-index.ts";
import { isReady } from "../pod-state.ts";
import { fieldManager, toleratingConflicts, writeStatus } from "../writes.ts";
import { type GracePeriods, silentConditions, silentUntil } from "./node-health.ts";
import { wantedTaints } from "./taints.ts";

const leaseNamespace = "kube-node-lease";

export const defaultGracePeriods: GracePeriods = { monitorMs: 50_000, startupMs: 60_000 };

/**
 * Watches over the signs of life of nodes: a silent one is NotReady, tainted, and its pods are not ready. Writes: Node conditions
 * and taints, pods' Ready condition, Events.
 */
export function nodeLifecycleController(grace: GracePeriods = defaultGracePeriods): Controller {
  /** The nodes that were seen, and whether they were ready. */
  const known = new Map<string, { readonly uid: string; readonly ready: boolean }>();
  return toleratingConflicts({
    name: "node-controller",
    watches: [self(Node)],
    reads: [Lease, Pod] as never,
    async reconcile(key, context) {
      const { cache, clock, client, events } = context;
      const node = cache.get(Node, key);
      const before = known.get(key.name);
      if (!node) {
        if (before)
          tell(
            context,
            { name: key.name, uid: before.uid },
            "RemovingNode",
            `Removing Node ${key.name} from Controller`,
          );
        known.delete(key.name);
        return undefined;
      }
      const { name, uid = "" } = node.metadata;
      if (before?.uid !== uid) tell(context, { name, uid }, "RegisteredNode", `Registered Node ${name} in Controller`);

      const now = clock.now();
      const until = silentUntil(node, cache.get(Lease, { namespace: leaseNamespace, name }), grace);
      let current = node;
      if (now >= until) {
        const conditions = silentConditions(node, now);
        if (conditions !== node.status?.conditions) {
          current = await writeStatus(client, Node, node, { ...node.status, conditions: [...conditions] });
        }
      }
      const taints = wantedTaints(current, now);
      if (taints !== (current.spec?.taints ?? []) && (taints.length > 0 || current.spec?.taints)) {
        const spec = { ...current.spec, taints: [...taints] };
        current = await client.update(Node, { ...current, spec }, { fieldManager });
      }
      const ready = condition(current.status?.conditions, "Ready")?.status === "True";
      known.set(name, { uid, ready });
      if (before?.uid === uid && before.ready && !ready) {
        const regarding = { ...current, metadata: { ...current.metadata, uid: name } };
        events.record(regarding, {
          type: "Normal",
          reason: "NodeNotReady",
          message: `Node ${name} status is now: NodeNotReady`,
        });
        await markPodsNotReady(name, context);
      }
      return now >= until ? undefined : lookAgainAt(until);
    },
  });
}

function tell(
  { events }: ControllerContext,
  { name, uid }: { name: string; uid: string },
  reason: string,
  message: string,
): void {
  const regarding = { apiVersion: "v1", kind: "Node", metadata: { name, uid } };
  events.record(regarding, { type: "Normal", reason, message: `Node ${name} event: ${message}` });
}

async function markPodsNotReady(nodeName: string, { cache, client, clock, events }: ControllerContext): Promise<void> {
  for (const pod of podsByNode(cache).at(nodeName)) {
    if (!isReady(pod)) continue;
    const body = {
      status: { conditions: [{ type: "Ready", status: "False", lastTransitionTime: timestamp(clock.now()) }] },
    };
    await client
      .patch(Pod, keyOf(pod), { type: "strategic", body }, { subresource: "status", fieldManager })
      .catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      });
    events.record(pod, { type: "Warning", reason: "NodeNotReady", message: "Node is not ready" });
  }
}
