import { condition, NodeClaim } from "@bellows/api";
import type { ControllerContext, Instant } from "@bellows/kube";
import { nodePoolLabel } from "../engine/well-known-labels.ts";
import type { ProvisionerMetrics } from "../metrics.ts";
import { deleteObject } from "../writes.ts";

/** How long a launch, and a node that was launched, is waited for (Karpenter's `LaunchTimeout`, `registrationTimeout`). */
export const launchTimeoutMs = 5 * 60_000;
export const registrationTimeoutMs = 15 * 60_000;

/**
 * Gives up a claim whose instance does not launch, or whose node does not join.
 * @returns when to look again; undefined where nothing more is to be waited for
 */
export async function checkLiveness(
  claim: NodeClaim,
  { client, clock, log }: ControllerContext,
  metrics: ProvisionerMetrics,
): Promise<Instant | undefined> {
  const conditions = claim.status?.conditions;
  const registered = condition(conditions, "Registered");
  if (registered?.status === "True") return undefined;
  const launched = condition(conditions, "Launched");
  const [waited, timeoutMs, reason] =
    launched?.status === "True"
      ? [registered, registrationTimeoutMs, "registration_timeout"]
      : [launched, launchTimeoutMs, "launch_timeout"];
  const since = Date.parse(waited?.lastTransitionTime ?? claim.metadata.creationTimestamp ?? "");
  const at = (Number.isNaN(since) ? clock.now() : since) + (timeoutMs as number);
  if (clock.now() < at) return at;
  log.info("terminating due to timeout", {
    NodeClaim: { name: claim.metadata.name },
    timeout: `${(timeoutMs as number) / 60_000}m0s`,
    reason,
  });
  await deleteObject(client, NodeClaim, claim);
  metrics.nodeClaimsDisrupted.labels(reason as string, claim.metadata.labels?.[nodePoolLabel] ?? "", "").inc();
  return undefined;
}
