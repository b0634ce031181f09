import { durationMs, isConditionTrue, karpenterAnnotations, karpenterFinalizer, Node, NodeClaim } from "@bellows/api";
import { type ControllerContext, lookAgainAt, type ReconcileResult, timestamp } from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { nodeOfClaim } from "../cluster/nodes.ts";
import { isTrue, type StatusCondition, withConditions } from "../conditions.ts";
import { capacityTypeLabel, nodePoolLabel, zoneLabel } from "../engine/well-known-labels.ts";
import { claimConditions } from "../lifecycle/claim-conditions.ts";
import type { ProvisionerMetrics } from "../metrics.ts";
import { deleteObject, patchUnchanged } from "../writes.ts";

/** How long an instance is given to end before it is looked at again. */
const pollMs = 5_000;

/**
 * Ends what a deleted claim stands for: first its node, which is drained by its own finalizer, then the instance; the claim
 * goes when the instance is gone.
 */
export async function finalizeClaim(
  claim: NodeClaim,
  fleet: Fleet,
  context: ControllerContext,
  metrics: ProvisionerMetrics,
): Promise<ReconcileResult> {
  const { cache, client, clock, events, log } = context;
  if (!claim.metadata.finalizers?.includes(karpenterFinalizer)) return;
  const name = claim.metadata.name;
  let current: NodeClaim | undefined = claim;
  const annotation = karpenterAnnotations.nodeClaimTerminationTimestamp;
  if (claim.spec.terminationGracePeriod && !claim.metadata.annotations?.[annotation]) {
    const at = Date.parse(claim.metadata.deletionTimestamp as string) + durationMs(claim.spec.terminationGracePeriod);
    current = await patchUnchanged(client, NodeClaim, claim, {
      metadata: { annotations: { [annotation]: timestamp(at) } },
    });
    if (!current) return lookAgainAt(clock.now());
    log.info("annotated nodeclaim", { NodeClaim: { name }, [annotation]: timestamp(at) });
    const message = `All pods will be deleted by ${timestamp(at)}`;
    events.record(claim, { type: "Warning", reason: "TerminationGracePeriodExpiring", message });
  }
  const node = nodeOfClaim(cache, fleet.indexes, current);
  if (node && isConditionTrue(current.status?.conditions, "Registered")) {
    if (!node.metadata.deletionTimestamp) await deleteObject(client, Node, node);
    return; // the node's end wakes this again
  }
  const providerId = current.status?.providerID ?? (await unrecorded(current, fleet));
  if (providerId) {
    const isGone = await fleet.provider.terminate(providerId);
    const conditions = (current.status?.conditions ?? []) as readonly StatusCondition[];
    const next = withConditions(
      conditions,
      [isTrue("InstanceTerminating")],
      claimConditions,
      current.metadata.generation,
      clock.now(),
    );
    if (next !== conditions) {
      const written: NodeClaim | undefined = await patchUnchanged(
        client,
        NodeClaim,
        current,
        { status: { conditions: next } },
        "status",
      );
      if (!written) return lookAgainAt(clock.now());
      current = written;
    }
    if (!isGone) return lookAgainAt(clock.now() + pollMs);
  }
  const finalizers = (current.metadata.finalizers ?? []).filter((one) => one !== karpenterFinalizer);
  const released = await patchUnchanged(client, NodeClaim, current, { metadata: { finalizers } });
  if (!released) return lookAgainAt(clock.now());
  log.info("deleted nodeclaim", { NodeClaim: { name }, "provider-id": current.status?.providerID });
  const { labels = {} } = claim.metadata;
  metrics.nodeClaimsTerminated
    .labels(labels[nodePoolLabel] ?? "", labels[capacityTypeLabel] ?? "", labels[zoneLabel] ?? "")
    .inc();
}

/** An instance whose launch was not written down before a crash. */
async function unrecorded(claim: NodeClaim, fleet: Fleet): Promise<string | undefined> {
  if (isConditionTrue(claim.status?.conditions, "Launched")) return undefined;
  const instance = await fleet.provider.findByClaim(claim.metadata.name);
  return instance && `aws:///${instance.zone}/${instance.id}`;
}
