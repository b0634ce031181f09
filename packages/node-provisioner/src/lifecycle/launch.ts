import { isConditionTrue, NodeClaim } from "@bellows/api";
import { CloudError } from "@bellows/aws";
import type { ControllerContext } from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { nodeClassOf, nodeClassReadiness, poolOf } from "../cluster/pools.ts";
import { type ConditionChange, isTrue } from "../conditions.ts";
import { instanceTypeLabel, nodePoolLabel, zoneLabel } from "../engine/well-known-labels.ts";
import type { ProvisionerMetrics } from "../metrics.ts";
import { type Launched, NoCapacity, NodeClassNotReady } from "../provider/node-provider.ts";
import { deleteObject } from "../writes.ts";

/** What a phase found out about a claim; a claim that was given up ends the reconcile. */
export interface PhaseResult {
  readonly changes: readonly ConditionChange[];
  readonly launched?: Launched;
  readonly nodeName?: string;
  readonly givenUp?: true;
  /** The cloud failed: try again, later and later. */
  readonly failed?: true;
}

export const nothing: PhaseResult = { changes: [] };

/** Launches the instance of a claim, or takes over the one that was launched before a restart. */
export async function launch(
  claim: NodeClaim,
  fleet: Fleet,
  context: ControllerContext,
  metrics: ProvisionerMetrics,
): Promise<PhaseResult> {
  if (isConditionTrue(claim.status?.conditions, "Launched")) return nothing;
  const { cache, clock, log } = context;
  try {
    const nodeClass = nodeClassOf(cache, claim.spec.nodeClassRef.name, fleet.legacy);
    const readiness = nodeClassReadiness(nodeClass);
    if (!nodeClass || readiness.status !== "True") {
      throw new NodeClassNotReady(readiness.message || "NodeClass is not ready");
    }
    const isOwn = fleet.ownClaims.has(claim.metadata.name);
    const launched =
      (isOwn ? undefined : await fleet.provider.adopt(claim, nodeClass, clock.now())) ??
      (await fleet.provider.launch(claim, nodeClass, clock.now()));
    tell(claim, launched, context);
    return { changes: [isTrue("Launched")], launched };
  } catch (error) {
    if (error instanceof NoCapacity) return giveUp(claim, error, "InsufficientCapacityError", "insufficient_capacity");
    if (error instanceof NodeClassNotReady) return giveUp(claim, error, "NodeClassNotReady", "nodeclass_not_ready");
    const message = cut(error instanceof Error ? error.message : String(error));
    log.error("failed launching nodeclaim", { NodeClaim: { name: claim.metadata.name }, error: message });
    const reason = error instanceof CloudError ? reasonOf(error.code) : "LaunchFailed";
    return { changes: [{ type: "Launched", status: "Unknown", reason, message }], failed: true };
  }

  /** Another claim is made for its pods, without what could not be had. */
  async function giveUp(given: NodeClaim, error: Error, event: string, reason: string): Promise<PhaseResult> {
    const { client, events } = context;
    const message = cut(error.message);
    log.error("failed launching nodeclaim", { NodeClaim: { name: given.metadata.name }, error: message });
    events.record(given, {
      type: "Warning",
      reason: event,
      message: `NodeClaim ${given.metadata.name} event: ${message}`,
    });
    await deleteObject(client, NodeClaim, given);
    metrics.nodeClaimsDisrupted.labels(reason, given.metadata.labels?.[nodePoolLabel] ?? "", "").inc();
    return { changes: [], givenUp: true };
  }
}

function tell(claim: NodeClaim, launched: Launched, { cache, log }: ControllerContext): void {
  const { name } = claim.metadata;
  const fields = {
    NodeClaim: { name },
    "provider-id": launched.providerId,
    "instance-type": launched.labels[instanceTypeLabel],
    zone: launched.labels[zoneLabel],
    "capacity-type": launched.labels["karpenter.sh/capacity-type"],
    allocatable: launched.allocatable,
    decision: claim.metadata.annotations?.["bellows.dev/decision"],
    "usd-per-hour": launched.usdPerHour,
  };
  // Provisioners' logs are read by those who know the old words.
  if (poolOf(cache, claim.metadata.labels?.[nodePoolLabel] ?? "")?.isLegacy) log.info("launched instance", fields);
  log.info("launched nodeclaim", fields);
}

const cut = (message: string): string => (message.length < 300 ? message : `${message.slice(0, 300)}...`);

/** A condition's reason is one word. */
const reasonOf = (code: string): string => code.replace(/[^A-Za-z0-9_]/g, "") || "LaunchFailed";
