import {
  isConditionTrue,
  karpenterFinalizer,
  karpenterLabels,
  Node,
  type NodeClaim,
  type OwnerReference,
  sameTaint,
  type Taint,
  unregisteredTaint,
} from "@bellows/api";
import type { ControllerContext } from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { nodeOfClaim } from "../cluster/nodes.ts";
import { isTrue } from "../conditions.ts";
import { nodePoolLabel, zoneLabel } from "../engine/well-known-labels.ts";
import type { ProvisionerMetrics } from "../metrics.ts";
import { patchUnchanged, withItem } from "../writes.ts";
import { nothing, type PhaseResult } from "./launch.ts";

const keepTaintsLabel = "karpenter.sh/do-not-sync-taints";

/**
 * Makes the node that joined the node that was asked for: labels, annotations, taints, owner and finalizer, and takes the
 * taint off that kept pods away until then.
 */
export async function register(
  claim: NodeClaim,
  fleet: Fleet,
  context: ControllerContext,
  metrics: ProvisionerMetrics,
): Promise<PhaseResult> {
  const conditions = claim.status?.conditions;
  if (isConditionTrue(conditions, "Registered")) return nothing;
  if (!isConditionTrue(conditions, "Launched")) return nothing;
  const { cache, client, events, log } = context;
  const node = nodeOfClaim(cache, fleet.indexes, claim);
  if (!node) {
    const message = "Node not registered with cluster";
    return { changes: [{ type: "Registered", status: "Unknown", reason: "NodeNotFound", message }] };
  }
  const known = node.metadata.labels?.[karpenterLabels.registered] !== undefined;
  if (!known && !node.spec?.taints?.some((taint) => sameTaint(taint, unregisteredTaint))) {
    events.record(claim, {
      type: "Warning",
      reason: "UnregisteredTaintMissing",
      message: `Missing ${unregisteredTaint.key} taint which prevents registration related race conditions on Karpenter-managed nodes`,
    });
  }
  const registered = await patchUnchanged(client, Node, node, synced(claim, node));
  if (!registered) return { changes: [] };
  log.info("registered nodeclaim", {
    NodeClaim: { name: claim.metadata.name },
    Node: { name: node.metadata.name },
    "provider-id": claim.status?.providerID,
  });
  const labels = claim.metadata.labels ?? {};
  metrics.nodesCreated.labels(labels[nodePoolLabel] ?? "", labels[zoneLabel] ?? "").inc();
  return { changes: [isTrue("Registered")], nodeName: node.metadata.name };
}

function synced(claim: NodeClaim, node: Node): { metadata: object; spec: object } {
  const owners = node.metadata.ownerReferences ?? [];
  const owner: OwnerReference = {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    name: claim.metadata.name,
    uid: claim.metadata.uid ?? "",
    blockOwnerDeletion: true,
  };
  return {
    metadata: {
      labels: { ...claim.metadata.labels, [karpenterLabels.registered]: "true" },
      annotations: { ...claim.metadata.annotations },
      finalizers: withItem(node.metadata.finalizers, karpenterFinalizer),
      ownerReferences: owners.some((one) => one.uid === owner.uid) ? owners : [...owners, owner],
    },
    spec: { taints: taintsOf(claim, node) },
  };
}

function taintsOf(claim: NodeClaim, node: Node): Taint[] {
  const taints = (node.spec?.taints ?? []).filter((taint) => !sameTaint(taint, unregisteredTaint));
  if (node.metadata.labels?.[keepTaintsLabel] === "true") return taints;
  for (const taint of [...(claim.spec.taints ?? []), ...(claim.spec.startupTaints ?? [])] as Taint[]) {
    if (!taints.some((one) => sameTaint(one, taint))) taints.push(taint);
  }
  return taints;
}
