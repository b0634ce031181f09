import { durationOrNeverMs, NodeClaim } from "@bellows/api";
import { type Controller, controller, lookAgainAt, parseTimestamp, self } from "@bellows/kube";
import { capacityTypeLabel, nodePoolLabel } from "../engine/well-known-labels.ts";
import { type ProvisionerMetrics, provisionerMetrics } from "../metrics.ts";
import { deleteObject } from "../writes.ts";

/** Deletes claims that are older than `expireAfter` allows. Writes: NodeClaims (deletion). */
export function expirationController(): Controller {
  let metrics: ProvisionerMetrics;
  return controller({
    name: "nodeclaim.expiration",
    watches: [self(NodeClaim)],
    start(context) {
      metrics = provisionerMetrics(context.metrics);
    },
    async reconcile(key, { cache, client, clock, log }) {
      const claim = cache.get(NodeClaim, key);
      if (!claim || claim.metadata.deletionTimestamp) return;
      const createdAt = parseTimestamp(claim.metadata.creationTimestamp);
      const at = (createdAt ?? clock.now()) + durationOrNeverMs(claim.spec.expireAfter);
      if (at === Number.POSITIVE_INFINITY) return;
      if (clock.now() < at) return lookAgainAt(at);
      await deleteObject(client, NodeClaim, claim);
      log.info("deleting expired nodeclaim", { NodeClaim: { name: key.name } });
      const labels = claim.metadata.labels ?? {};
      metrics.nodeClaimsDisrupted.labels("expired", labels[nodePoolLabel] ?? "", labels[capacityTypeLabel] ?? "").inc();
    },
  });
}
