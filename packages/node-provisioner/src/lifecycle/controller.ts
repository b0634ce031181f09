import {
  AWSNodeTemplate,
  EC2NodeClass,
  karpenterFinalizer,
  Node,
  NodeClaim,
  NodePool,
  Provisioner,
} from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  controller,
  type Instant,
  lookAgainAt,
  mapped,
  self,
} from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { type StatusCondition, withConditions } from "../conditions.ts";
import { type ProvisionerMetrics, provisionerMetrics } from "../metrics.ts";
import { finalizeClaim } from "../termination/claim-finalizer.ts";
import { patchUnchanged, withItem } from "../writes.ts";
import { claimConditions } from "./claim-conditions.ts";
import { initialize } from "./initialization.ts";
import { launch, type PhaseResult } from "./launch.ts";
import { checkLiveness } from "./liveness.ts";
import { register } from "./registration.ts";

/** Launches and nodes that are seen to at the same time; a fleet request takes seconds. */
const concurrency = 100;
const firstBackoffMs = 1_000;
const mostBackoffMs = 60_000;

/** Takes a NodeClaim from its launch to a node that is counted on, and to its end. Writes: NodeClaims, Nodes, instances. */
export function lifecycleController(fleet: Fleet): Controller {
  const failures = new Map<string, number>();
  let metrics: ProvisionerMetrics;

  return controller({
    name: "nodeclaim.lifecycle",
    concurrency,
    watches: [
      self(NodeClaim),
      mapped(Node, (node) => {
        const name = fleet.indexes.claimName(node.spec?.providerID ?? "");
        return name ? [{ name }] : [];
      }),
    ],
    reads: [NodePool, EC2NodeClass, Provisioner, AWSNodeTemplate] as never,
    start(context) {
      metrics = provisionerMetrics(context.metrics);
      fleet.indexes.attach(context.cache);
    },
    async reconcile(key, context) {
      const { cache, client, clock } = context;
      let claim = cache.get(NodeClaim, key);
      if (!claim) {
        failures.delete(key.name);
        fleet.ownClaims.delete(key.name);
        return;
      }
      if (claim.metadata.deletionTimestamp) return finalizeClaim(claim, fleet, context, metrics);
      // Without the finalizer an instance could outlive its claim.
      if (!claim.metadata.finalizers?.includes(karpenterFinalizer)) {
        const finalizers = withItem(claim.metadata.finalizers, karpenterFinalizer);
        const marked = await patchUnchanged(client, NodeClaim, claim, { metadata: { finalizers } });
        if (!marked) return lookAgainAt(clock.now());
        claim = marked;
      }
      for (const phase of [launch, register, initialize]) {
        const result = await phase(claim, fleet, context, metrics);
        if (result.givenUp) return;
        const written: NodeClaim | undefined = await write(claim, result, context);
        if (!written) return lookAgainAt(clock.now());
        claim = written;
        if (result.failed) return lookAgainAt(nextTry(key.name, clock.now()));
      }
      failures.delete(key.name);
      const at = await checkLiveness(claim, context, metrics);
      return at === undefined ? undefined : lookAgainAt(at);
    },
  });

  function nextTry(name: string, now: Instant): Instant {
    const count = failures.get(name) ?? 0;
    failures.set(name, count + 1);
    return now + Math.min(firstBackoffMs * 2 ** count, mostBackoffMs);
  }
}

/**
 * The claim with what a phase found out. Labels go first: they are what status says is there.
 * @returns undefined where somebody else wrote meanwhile
 */
async function write(
  claim: NodeClaim,
  { changes, launched, nodeName }: PhaseResult,
  { client, clock }: ControllerContext,
): Promise<NodeClaim | undefined> {
  let current: NodeClaim | undefined = claim;
  if (launched) {
    const labels = { ...launched.labels, ...claim.metadata.labels };
    current = await patchUnchanged(client, NodeClaim, claim, { metadata: { labels } });
    if (!current) return undefined;
  }
  const before = (current.status?.conditions ?? []) as readonly StatusCondition[];
  const conditions = withConditions(before, changes, claimConditions, claim.metadata.generation, clock.now());
  if (conditions === before && !launched && nodeName === undefined) return current;
  const status = {
    conditions,
    ...(launched && {
      providerID: launched.providerId,
      imageID: launched.imageId,
      capacity: launched.capacity,
      allocatable: launched.allocatable,
    }),
    ...(nodeName !== undefined && { nodeName }),
  };
  return patchUnchanged(client, NodeClaim, current, { status }, "status");
}
