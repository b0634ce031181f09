import {
  condition,
  disruptedTaint,
  karpenterAnnotations,
  karpenterFinalizer,
  Node,
  NodeClaim,
  PersistentVolumeClaim,
  Pod,
  sameTaint,
  VolumeAttachment,
} from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  controller,
  type Instant,
  lookAgainAt,
  mapped,
  parseTimestamp,
  type ReconcileResult,
  self,
} from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { claimOfNode } from "../cluster/nodes.ts";
import { isDrainable } from "../cluster/pods.ts";
import { type ConditionChange, isTrue, type StatusCondition, withConditions } from "../conditions.ts";
import { nodePoolLabel, zoneLabel } from "../engine/well-known-labels.ts";
import { claimConditions } from "../lifecycle/claim-conditions.ts";
import { type ProvisionerMetrics, provisionerMetrics } from "../metrics.ts";
import { deleteObject, patchUnchanged } from "../writes.ts";
import { drain } from "./drain.ts";

const concurrency = 100;
/** How often a node that does not get empty is looked at, besides when its pods change. */
const drainPollMs = 1_000;
const instancePollMs = 5_000;
const excludeFromBalancersLabel = "node.kubernetes.io/exclude-from-external-load-balancers";

/** Empties a node that is deleted, ends its instance, and lets it go. Writes: Nodes, evictions, instances, NodeClaim status. */
export function terminationController(fleet: Fleet): Controller {
  let metrics: ProvisionerMetrics;
  return controller({
    name: "node.termination",
    concurrency,
    watches: [
      self(Node),
      mapped(Pod, (pod, { cache }) => {
        const name = pod.spec?.nodeName;
        return name && cache.get(Node, { name })?.metadata.deletionTimestamp ? [{ name }] : [];
      }),
    ],
    reads: [NodeClaim, VolumeAttachment, PersistentVolumeClaim] as never,
    start(context) {
      metrics = provisionerMetrics(context.metrics);
      fleet.indexes.attach(context.cache);
    },
    async reconcile(key, context) {
      const node = context.cache.get(Node, key);
      if (!node?.metadata.deletionTimestamp || !node.metadata.finalizers?.includes(karpenterFinalizer)) return;
      return terminate(node, fleet, context, metrics);
    },
  });
}

async function terminate(
  node: Node,
  fleet: Fleet,
  context: ControllerContext,
  metrics: ProvisionerMetrics,
): Promise<ReconcileResult> {
  const { cache, client, clock, events } = context;
  const claim = claimOfNode(cache, fleet.indexes, node);
  if (claim && !claim.metadata.deletionTimestamp) await deleteObject(client, NodeClaim, claim);
  // There is nothing to drain on a machine that is gone.
  const isReady = condition(node.status?.conditions, "Ready")?.status === "True";
  if (!isReady && node.spec?.providerID && !(await fleet.provider.find(node.spec.providerID))) {
    return release(node, context, metrics);
  }
  const tainted = await taint(node, context);
  if (!tainted) return lookAgainAt(clock.now());

  const deadlineText = claim?.metadata.annotations?.[karpenterAnnotations.nodeClaimTerminationTimestamp];
  const deadline = parseTimestamp(deadlineText);
  if (deadlineText) {
    const message = `All pods will be deleted by ${deadlineText}`;
    events.record(node, { type: "Warning", reason: "TerminationGracePeriodExpiring", message });
  }
  const pods = (await client.listAll(Pod, { fieldSelector: `spec.nodeName=${node.metadata.name}` })).items;
  const left = await drain(node, pods, deadline, context, metrics);
  if (left > 0) {
    const message = `Failed to drain node, ${left} pods are waiting to be evicted`;
    events.record(node, { type: "Warning", reason: "FailedDraining", message });
    await note(claim, [{ type: "Drained", status: "Unknown", reason: "Draining", message: "Draining" }], context);
    return lookAgainAt(clock.now() + drainPollMs);
  }
  const attached = attachments(node, pods, context);
  if (attached.length > 0 && !(deadline !== undefined && clock.now() > deadline)) {
    const message = `Awaiting deletion of bound volumeattachments (${attached.slice(0, 5).join(", ")})`;
    events.record(node, { type: "Normal", reason: "AwaitingVolumeDetachment", message });
    const why = "AwaitingVolumeDetachment";
    const waits: ConditionChange = { type: "VolumesDetached", status: "Unknown", reason: why, message: why };
    await note(claim, [isTrue("Drained"), waits], context);
    return lookAgainAt(clock.now() + drainPollMs);
  }
  if (node.spec?.providerID) {
    const isGone = await fleet.provider.terminate(node.spec.providerID);
    const changes = ["Drained", "VolumesDetached", "InstanceTerminating"].map(isTrue);
    await note(claim, changes, context);
    if (!isGone) return lookAgainAt(clock.now() + instancePollMs);
  }
  return release(node, context, metrics);
}

async function taint(node: Node, { client, log }: ControllerContext): Promise<Node | undefined> {
  const taints = node.spec?.taints ?? [];
  const isTainted = taints.some((one) => sameTaint(one, disruptedTaint));
  if (isTainted && node.metadata.labels?.[excludeFromBalancersLabel] !== undefined) return node;
  const next = isTainted ? taints : [...taints.filter(({ key }) => key !== disruptedTaint.key), disruptedTaint];
  const written = await patchUnchanged(client, Node, node, {
    metadata: { labels: { [excludeFromBalancersLabel]: "karpenter" } },
    spec: { taints: next },
  });
  if (written && !isTainted) {
    log.info("tainted node", {
      Node: { name: node.metadata.name },
      "taint.Key": disruptedTaint.key,
      "taint.Value": "",
      "taint.Effect": disruptedTaint.effect,
    });
  }
  return written;
}

/** Conditions of the claim; where somebody else writes at the same time, the next look does it. */
async function note(
  claim: NodeClaim | undefined,
  changes: readonly ConditionChange[],
  { cache, client, clock }: ControllerContext,
): Promise<void> {
  const current = claim && cache.get(NodeClaim, { name: claim.metadata.name });
  if (!current) return;
  const before = (current.status?.conditions ?? []) as readonly StatusCondition[];
  const conditions = withConditions(before, changes, claimConditions, current.metadata.generation, clock.now());
  if (conditions !== before) await patchUnchanged(client, NodeClaim, current, { status: { conditions } }, "status");
}

/** Volumes that are still attached, but for those of pods that stay until the node goes. */
function attachments(node: Node, pods: readonly Pod[], { cache, clock }: ControllerContext): string[] {
  const stay = new Set(pods.filter((pod) => !isDrainable(pod, clock.now() as Instant)).flatMap(volumesOf));
  return cache
    .list(VolumeAttachment)
    .filter(({ spec }) => spec?.nodeName === node.metadata.name)
    .filter(({ spec }) => spec?.source.persistentVolumeName && !stay.has(spec.source.persistentVolumeName))
    .map(({ metadata }) => metadata.name);

  function volumesOf(pod: Pod): string[] {
    return (pod.spec?.volumes ?? []).flatMap((volume) => {
      const name = volume.persistentVolumeClaim?.claimName;
      const claim = name && cache.get(PersistentVolumeClaim, { namespace: pod.metadata.namespace ?? "default", name });
      const volumeName = claim ? claim.spec?.volumeName : undefined;
      return volumeName ? [volumeName] : [];
    });
  }
}

async function release(
  node: Node,
  { cache, client, clock, log }: ControllerContext,
  metrics: ProvisionerMetrics,
): Promise<ReconcileResult> {
  const current = cache.get(Node, { name: node.metadata.name }) ?? node;
  const finalizers = (current.metadata.finalizers ?? []).filter((one) => one !== karpenterFinalizer);
  const released = await patchUnchanged(client, Node, current, { metadata: { finalizers } });
  if (!released && (await client.find(Node, { name: node.metadata.name }))) return lookAgainAt(clock.now());
  log.info("deleted node", { Node: { name: node.metadata.name } });
  const { labels = {} } = node.metadata;
  metrics.nodesTerminated.labels(labels[nodePoolLabel] ?? "", labels[zoneLabel] ?? "").inc();
}
