import {
  condition,
  formatTaint,
  isConditionTrue,
  karpenterLabels,
  Node,
  type NodeClaim,
  sameTaint,
  type Taint,
} from "@bellows/api";
import { amountsOf } from "@bellows/aws";
import { type ControllerContext, keyOf } from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { isEphemeralTaint, nodeOfClaim } from "../cluster/nodes.ts";
import { type ConditionChange, isTrue } from "../conditions.ts";
import { nothing, type PhaseResult } from "./launch.ts";

/** Says when a node can be counted on: Ready, without the taints of its start, with everything that was asked of it. */
export async function initialize(
  claim: NodeClaim,
  fleet: Fleet,
  { cache, client, log }: ControllerContext,
): Promise<PhaseResult> {
  const conditions = claim.status?.conditions;
  if (isConditionTrue(conditions, "Initialized") || !isConditionTrue(conditions, "Registered")) return nothing;
  const node = nodeOfClaim(cache, fleet.indexes, claim);
  const waitsFor = node
    ? missing(node, claim)
    : { reason: "NodeNotFound", message: "Node not registered with cluster" };
  if (waitsFor || !node) {
    return { changes: [{ type: "Initialized", status: "Unknown", ...waitsFor } as ConditionChange] };
  }
  if (node.metadata.labels?.[karpenterLabels.initialized] !== "true") {
    const body = { metadata: { labels: { [karpenterLabels.initialized]: "true" } } };
    await client.patch(Node, keyOf(node), { type: "merge", body });
  }
  log.info("initialized nodeclaim", {
    NodeClaim: { name: claim.metadata.name },
    Node: { name: node.metadata.name },
    "provider-id": claim.status?.providerID,
    allocatable: node.status?.allocatable,
  });
  return { changes: [isTrue("Initialized")] };
}

function missing(node: Node, claim: NodeClaim): { reason: string; message: string } | undefined {
  if (condition(node.status?.conditions, "Ready")?.status !== "True") {
    return { reason: "NodeNotReady", message: "Node status is NotReady" };
  }
  const taints = node.spec?.taints ?? [];
  const starting = (claim.spec.startupTaints ?? []) as readonly Taint[];
  const startup = taints.find((taint) => starting.some((one) => sameTaint(one, taint)));
  if (startup) {
    return { reason: "StartupTaintsExist", message: `StartupTaint ${quoted(startup)} still exists` };
  }
  const ephemeral = taints.find(isEphemeralTaint);
  if (ephemeral) {
    return { reason: "KnownEphemeralTaintsExist", message: `KnownEphemeralTaint ${quoted(ephemeral)} still exists` };
  }
  const allocatable = amountsOf(node.status?.allocatable);
  const requests = amountsOf(claim.spec.resources?.requests);
  const absent = Object.keys(requests).find((name) => requests[name] !== 0 && !allocatable[name]);
  if (absent) {
    return {
      reason: "ResourceNotRegistered",
      message: `Resource ${JSON.stringify(absent)} was requested but not registered`,
    };
  }
  return undefined;
}

const quoted = (taint: Taint): string => JSON.stringify(formatTaint(taint));
