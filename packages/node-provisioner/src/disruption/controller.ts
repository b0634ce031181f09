import {
  condition,
  disruptedTaint,
  isConditionTrue,
  karpenterAnnotations,
  Node,
  NodeClaim,
  NodePool,
  Pod,
  Provisioner,
} from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  controller,
  type Instant,
  lookAgainAt,
  mapped,
  randomUuid,
} from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { isInitialized, isLeaving, machineOfClaim, poolNameOf } from "../cluster/nodes.ts";
import { isReschedulable } from "../cluster/pods.ts";
import { poolsOf } from "../cluster/pools.ts";
import { type ConditionChange, type StatusCondition, withConditions } from "../conditions.ts";
import { allowedDisruptions, type DisruptionReason } from "../engine/budget.ts";
import { capacityTypeLabel, nodePoolLabel } from "../engine/well-known-labels.ts";
import { claimConditions } from "../lifecycle/claim-conditions.ts";
import { type ProvisionerMetrics, provisionerMetrics } from "../metrics.ts";
import { deleteObject, patchUnchanged } from "../writes.ts";
import { emptiness } from "./emptiness.ts";
import type { Candidate, Command, Method } from "./method.ts";

const theKey = { name: "disruption" };
const wakes = () => [theKey];

/** Looks at the whole cluster are no closer together than this. */
const restMs = 1_000;
/** Budgets begin and end by the minute, and nodes become free for other reasons: upstream looks this often. */
const pollMs = 10_000;

/** In the order in which they are tried: what costs nobody anything comes first. */
const methods: readonly Method[] = [emptiness];

/** Takes nodes away that are not needed, as fast as budgets allow. Writes: Nodes (taint), NodeClaims (deletion), Events. */
export function disruptionController(fleet: Fleet): Controller {
  let metrics: ProvisionerMetrics;
  let lookedAt = Number.NEGATIVE_INFINITY;

  return controller({
    name: "disruption",
    watches: [
      mapped(NodeClaim, (claim) => (isQuiet(claim) ? [theKey] : [])),
      mapped(NodePool, wakes),
      mapped(Provisioner, wakes),
    ],
    reads: [Node, Pod] as never,
    start(context) {
      metrics = provisionerMetrics(context.metrics);
      fleet.indexes.attach(context.cache);
    },
    async reconcile(_, context) {
      const { clock, signal } = context;
      const now = clock.now();
      if (now < lookedAt + restMs) return lookAgainAt(lookedAt + restMs);
      lookedAt = now;
      const candidates = candidatesOf(fleet, context);
      // What keeps a quiet node (pods on their way, an annotation) ends without a word.
      if (candidates.length === 0)
        return context.cache.list(NodeClaim).some(isQuiet) ? lookAgainAt(now + pollMs) : undefined;
      let isBlocked = false;
      for (const method of methods) {
        const fit = candidates.filter((candidate) => method.shouldDisrupt(candidate));
        if (fit.length === 0) continue;
        const allowed = budgets(method.reason, fleet, context);
        for (const command of await method.commands(fit, allowed, fleet, context)) {
          if (signal.aborted) return;
          await execute(command, method, context, metrics);
        }
        isBlocked ||= fit.some(({ nodePool }) => allowed.get(nodePool.metadata.name) === 0);
        if (isBlocked) tellBlocked(method.reason, fit, allowed, context);
      }
      return lookAgainAt(clock.now() + pollMs);
    },
  });
}

/** Nodes that are up, are not going already, and that nothing keeps. Least disruption first: here, by name. */
function candidatesOf(fleet: Fleet, { cache, clock, events }: ControllerContext): readonly Candidate[] {
  const pools = new Map(poolsOf(cache).map((pool) => [pool.nodePool.metadata.name, pool]));
  const candidates: Candidate[] = [];
  for (const claim of cache.list(NodeClaim)) {
    const machine = machineOfClaim(cache, fleet.indexes, claim);
    const { node, pods } = machine;
    const pool = pools.get(poolNameOf(machine) ?? "");
    if (!node || !pool || !isInitialized(machine) || isLeaving(machine)) continue;
    if (fleet.nominations.hasFor([claim.metadata.name, node.metadata.name], clock.now())) continue;
    if (!isQuiet(claim)) continue;
    if (keeps(node.metadata.annotations) || keeps(claim.metadata.annotations)) {
      const message = `Disruption is blocked through the "${karpenterAnnotations.doNotDisrupt}" annotation`;
      for (const object of [node, claim])
        events.record(object, { type: "Normal", reason: "DisruptionBlocked", message });
      continue;
    }
    const reschedulablePods = pods.filter(isReschedulable);
    candidates.push({ ...machine, node, claim, nodePool: pool.nodePool, reschedulablePods });
  }
  return candidates.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const isQuiet = ({ status }: NodeClaim): boolean => isConditionTrue(status?.conditions, "Consolidatable");

const keeps = (annotations: Readonly<Record<string, string>> | undefined): boolean =>
  annotations?.[karpenterAnnotations.doNotDisrupt] === "true";

/** How many more nodes of each pool may go. Nodes that are not ready, or going, count as gone. */
function budgets(
  reason: DisruptionReason,
  fleet: Fleet,
  { cache, clock }: ControllerContext,
): ReadonlyMap<string, number> {
  const counts = new Map<string, { nodes: number; leaving: number }>();
  for (const claim of cache.list(NodeClaim)) {
    const machine = machineOfClaim(cache, fleet.indexes, claim);
    const name = poolNameOf(machine);
    if (name === undefined || !machine.node || !isInitialized(machine)) continue;
    const count = counts.get(name) ?? { nodes: 0, leaving: 0 };
    const isReady = condition(machine.node.status?.conditions, "Ready")?.status === "True";
    counts.set(name, {
      nodes: count.nodes + 1,
      leaving: count.leaving + (isLeaving(machine) || !isReady ? 1 : 0),
    });
  }
  return new Map(
    poolsOf(cache).map(({ nodePool }) => {
      const { nodes, leaving } = counts.get(nodePool.metadata.name) ?? { nodes: 0, leaving: 0 };
      const list = nodePool.spec.disruption.budgets;
      return [nodePool.metadata.name, allowedDisruptions(list, reason, nodes, leaving, clock.now())];
    }),
  );
}

function tellBlocked(
  reason: DisruptionReason,
  candidates: readonly Candidate[],
  allowed: ReadonlyMap<string, number>,
  { cache, events }: ControllerContext,
): void {
  const names = new Set(candidates.map(({ nodePool }) => nodePool.metadata.name));
  for (const { nodePool, object } of poolsOf(cache)) {
    const { name } = nodePool.metadata;
    if (!names.has(name) || allowed.get(name) !== 0) continue;
    const message = `No allowed disruptions for disruption reason ${reason} due to blocking budget`;
    events.record(object, { type: "Normal", reason: "DisruptionBlocked", message });
  }
}

/**
 * Taints first, so that nothing new comes; then looks at the pods as they are now; then deletes. A node that got a pod
 * meanwhile is let be.
 */
async function execute(
  { candidates, reason }: Command,
  method: Method,
  context: ControllerContext,
  metrics: ProvisionerMetrics,
): Promise<void> {
  const { client, clock, events, log, random } = context;
  const going: Candidate[] = [];
  for (const candidate of candidates) {
    const tainted = await taint(candidate.node, context);
    if (!tainted) continue;
    const pods = (await client.listAll(Pod, { fieldSelector: `spec.nodeName=${tainted.metadata.name}` })).items;
    if (method.isStillRight(candidate, pods)) going.push(candidate);
    else await untaint(tainted, context);
  }
  if (going.length === 0) return;
  log.info("disrupting node(s)", {
    "command-id": randomUuid(random),
    reason: reason.toLowerCase(),
    decision: "delete",
    "disrupted-node-count": going.length,
    "replacement-node-count": 0,
    "pod-count": going.reduce((count, one) => count + one.reschedulablePods.length, 0),
    "disrupted-nodes": going.map(({ node, claim }) => ({
      Node: { name: node.metadata.name },
      NodeClaim: { name: claim.metadata.name },
      "capacity-type": claim.metadata.labels?.[capacityTypeLabel],
      "instance-type": claim.metadata.labels?.["node.kubernetes.io/instance-type"],
    })),
    "replacement-nodes": [],
  });
  for (const { claim, node } of going) {
    await noteReason(claim, reason, clock.now(), context);
    events.record(node, { type: "Normal", reason: "DisruptionTerminating", message: `Disrupting Node: ${reason}` });
    events.record(claim, {
      type: "Normal",
      reason: "DisruptionTerminating",
      message: `Disrupting NodeClaim: ${reason}`,
    });
    await deleteObject(client, NodeClaim, claim);
    const labels = claim.metadata.labels ?? {};
    metrics.nodeClaimsDisrupted
      .labels(reason.toLowerCase(), labels[nodePoolLabel] ?? "", labels[capacityTypeLabel] ?? "")
      .inc();
  }
}

async function taint(node: Node, { client }: ControllerContext): Promise<Node | undefined> {
  const taints = (node.spec?.taints ?? []).filter(({ key }) => key !== disruptedTaint.key);
  return patchUnchanged(client, Node, node, { spec: { taints: [...taints, disruptedTaint] } });
}

async function untaint(node: Node, { client }: ControllerContext): Promise<void> {
  const taints = (node.spec?.taints ?? []).filter(({ key }) => key !== disruptedTaint.key);
  await patchUnchanged(client, Node, node, { spec: { taints } });
}

/** The claim says why it goes; if somebody else writes just now, it goes without. */
async function noteReason(
  claim: NodeClaim,
  reason: DisruptionReason,
  now: Instant,
  { client }: ControllerContext,
): Promise<void> {
  const change: ConditionChange = { type: "DisruptionReason", status: "True", reason, message: reason };
  const before = (claim.status?.conditions ?? []) as readonly StatusCondition[];
  const conditions = withConditions(before, [change], claimConditions, claim.metadata.generation, now);
  await patchUnchanged(client, NodeClaim, claim, { status: { conditions } }, "status");
}
