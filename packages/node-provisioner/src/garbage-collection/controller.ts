import { condition, isConditionTrue, Node, NodeClaim } from "@bellows/api";
import { CloudError, type Ec2Instance } from "@bellows/aws";
import { type Controller, type ControllerContext, controller, lookAgainAt } from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { nodeOfClaim } from "../cluster/nodes.ts";
import { instanceIdOf, nodeClaimTag } from "../provider/node-provider.ts";
import { deleteObject } from "../writes.ts";

const theKey = { name: "garbage-collection" };
const periodMs = 2 * 60_000;
/** An instance may be there before its claim says so. */
const youngMs = 60_000;

/**
 * Puts right what a crash, or a hand in the console, left behind: instances whose claim is gone are ended, and claims whose
 * instance is gone are deleted. Writes: instances, Nodes and NodeClaims (deletion).
 */
export function garbageCollectionController(fleet: Fleet): Controller {
  return controller({
    name: "nodeclaim.garbagecollection",
    watches: [],
    reads: [NodeClaim, Node] as never,
    start(context) {
      fleet.indexes.attach(context.cache);
      context.enqueue(theKey);
    },
    async reconcile(_, context) {
      try {
        const instances = await fleet.provider.list();
        await endOrphans(instances, fleet, context);
        await deleteWithoutInstance(instances, fleet, context);
      } catch (error) {
        if (!(error instanceof CloudError)) throw error;
        context.log.error("failed listing instances", { error: error.message });
      }
      return lookAgainAt(context.clock.now() + periodMs);
    },
  });
}

async function endOrphans(
  instances: readonly Ec2Instance[],
  { provider, indexes }: Fleet,
  { cache, client, clock, log, signal }: ControllerContext,
): Promise<void> {
  for (const instance of instances) {
    if (signal.aborted || clock.now() - instance.launchedAt < youngMs) continue;
    if (instance.state !== "pending" && instance.state !== "running") continue;
    const providerId = `aws:///${instance.zone}/${instance.id}`;
    const named = instance.tags[nodeClaimTag];
    if (indexes.claimName(providerId) || (named && cache.get(NodeClaim, { name: named }))) continue;
    // The cache may be behind: what is destroyed is asked for at its source.
    if (named && (await client.find(NodeClaim, { name: named }))) continue;
    await provider.terminate(providerId);
    log.info("garbage collected cloudprovider instance", { "provider-id": providerId });
    const nodeName = indexes.nodeName(providerId);
    const node = nodeName && cache.get(Node, { name: nodeName });
    if (node) await deleteObject(client, Node, node);
  }
}

async function deleteWithoutInstance(
  instances: readonly Ec2Instance[],
  fleet: Fleet,
  { cache, client, clock, log, signal }: ControllerContext,
): Promise<void> {
  const running = new Set(instances.filter(({ state }) => state !== "terminated").map(({ id }) => id));
  for (const claim of cache.list(NodeClaim)) {
    if (signal.aborted || claim.metadata.deletionTimestamp) continue;
    const id = instanceIdOf(claim.status?.providerID ?? "");
    const registered = condition(claim.status?.conditions, "Registered");
    if (!id || running.has(id) || registered?.status !== "True") continue;
    if (clock.now() - Date.parse(registered.lastTransitionTime ?? "") < youngMs) continue;
    const node = nodeOfClaim(cache, fleet.indexes, claim);
    if (isConditionTrue(node?.status?.conditions, "Ready")) continue;
    if (await fleet.provider.find(claim.status?.providerID ?? "")) continue;
    await deleteObject(client, NodeClaim, claim);
    log.info("garbage collected nodeclaim with no cloudprovider representation", {
      NodeClaim: { name: claim.metadata.name },
      "provider-id": claim.status?.providerID,
    });
  }
}
