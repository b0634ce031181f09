import {
  DaemonSet,
  Deployment,
  isConditionTrue,
  Job,
  Namespace,
  Node,
  NodeClaim,
  NodePool,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Provisioner,
  ReplicaSet,
  StatefulSet,
  StorageClass,
} from "@bellows/api";
import {
  ApiError,
  type Controller,
  type ControllerContext,
  controller,
  type Instant,
  isAlreadyExists,
  lookAgainAt,
  mapped,
  type ObjectKey,
  randomSuffix,
} from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { uidOf } from "../cluster/indexes.ts";
import { isProvisionable, isUntried } from "../cluster/pods.ts";
import { nodeClassOf, type Pool } from "../cluster/pools.ts";
import type { NewClaim, Packing } from "../engine/packing.ts";
import { pack } from "../engine/packing.ts";
import { type ProvisionerMetrics, provisionerMetrics } from "../metrics.ts";
import { Batch, type BatchWindow } from "./batch.ts";
import { FeedForward, isForeseen, isForeseenOf, workloadUid } from "./feed-forward.ts";
import { instanceTypeList, launchDecision, nodeClaimFor, podList } from "./new-node-claim.ts";
import { type Observed, observe } from "./observe.ts";

export interface ProvisioningOptions extends BatchWindow {
  /** Launches for pods that a workload is about to have, and for those that the scheduler has not got to yet. */
  readonly feedForward: boolean;
  readonly preferencePolicy: "Respect" | "Ignore";
  readonly minValuesPolicy: "Strict" | "BestEffort";
}

const theKey: ObjectKey = { name: "provisioner" };
const wakesAll = () => [theKey];

/** Pods that found no place are looked at again after this long, as upstream does. */
const retryMs = 10_000;
/** A pod that still can't be placed is told so again after this long. */
const repeatRefusalMs = 5 * 60_000;

/** Makes NodeClaims for pods that fit on no node. Writes: NodeClaims, Events on pods and NodePools. */
export function provisioningController(fleet: Fleet, options: ProvisioningOptions): Controller {
  const batch = new Batch(options);
  const feedForward = new FeedForward();
  const seen = new Set<string>();
  const refusals = new Map<string, { message: string; at: Instant }>();
  let hadPools = true;
  let retryAt = Number.POSITIVE_INFINITY;
  let metrics: ProvisionerMetrics;

  const waits = (pod: Pod) => isProvisionable(pod) || (options.feedForward && isUntried(pod));

  function podKeys(pod: Pod, context: ControllerContext): ObjectKey[] {
    if (!waits(pod)) return [];
    const uid = uidOf(pod);
    if (seen.has(uid)) return [];
    seen.add(uid);
    batch.trigger(context.clock.now());
    return [theKey];
  }

  const workloadKeys =
    (kind: "Deployment" | "StatefulSet" | "Job") =>
    (workload: Deployment | StatefulSet | Job, context: ControllerContext): ObjectKey[] => {
      if (!options.feedForward || !feedForward.changed(kind, workload, context.clock.now())) return [];
      batch.trigger(context.clock.now());
      return [theKey];
    };

  /** A claim that went or was launched, a pool that became ready: what waits may fit now. */
  function retry(context: ControllerContext): ObjectKey[] {
    if (seen.size === 0) return [];
    batch.trigger(context.clock.now());
    return [theKey];
  }

  return controller({
    name: "provisioner",
    watches: [
      mapped(Pod, podKeys),
      mapped(Deployment, workloadKeys("Deployment")),
      mapped(StatefulSet, workloadKeys("StatefulSet")),
      mapped(Job, workloadKeys("Job")),
      mapped(NodeClaim, (claim, context) => {
        if (claim.metadata.deletionTimestamp && !isConditionTrue(claim.status?.conditions, "Registered")) {
          for (const uid of fleet.nominations.forgetClaim(claim.metadata.name)) seen.delete(uid);
          batch.trigger(context.clock.now());
          return wakesAll();
        }
        return [];
      }),
      mapped(NodePool, (_, context) => retry(context)),
      mapped(Provisioner, (_, context) => retry(context)),
    ],
    reads: [Node, DaemonSet, ReplicaSet, Namespace, PersistentVolume, PersistentVolumeClaim, StorageClass] as never,
    start(context) {
      metrics = provisionerMetrics(context.metrics);
      fleet.indexes.attach(context.cache);
    },
    async reconcile(_, context) {
      const { clock } = context;
      const dueAt = Math.min(batch.dueAt ?? Number.POSITIVE_INFINITY, retryAt);
      if (dueAt === Number.POSITIVE_INFINITY) return;
      if (clock.now() < dueAt) return lookAgainAt(dueAt);
      batch.close();
      retryAt = Number.POSITIVE_INFINITY;

      const observed = await observe(
        context,
        fleet,
        (pod) => waits(pod),
        () => (options.feedForward ? feedForward.missingPods(context.cache, fleet.indexes, clock.now()) : []),
      );
      forgetOthers(observed.waiting);
      takeOverForeseen(observed.waiting, context);
      if (observed.pods.length === 0) return;
      if (observed.input.nodePools.length === 0) {
        refusals.clear();
        if (hadPools) context.log.info("no dynamic nodepools found");
        hadPools = false;
        return;
      }
      hadPools = true;
      const packing = pack({
        ...observed.input,
        preferencePolicy: options.preferencePolicy,
        minValuesPolicy: options.minValuesPolicy,
      });
      metrics.unschedulablePods.labels("provisioner").set(packing.refused.size);
      report(packing, observed, context);
      await createClaims(packing, observed, context);
      return refusals.size > 0 ? again(context) : undefined;
    },
  });

  function again({ clock }: ControllerContext) {
    const at = clock.now() + retryMs;
    retryAt = at;
    return lookAgainAt(at);
  }

  function forgetOthers(waiting: readonly Pod[]): void {
    const uids = new Set(waiting.map(uidOf));
    for (const uid of seen) if (!uids.has(uid)) seen.delete(uid);
    for (const uid of refusals.keys()) if (!uids.has(uid)) refusals.delete(uid);
    fleet.nominations.keepOnly((uid) => uids.has(uid) || uid.startsWith("feed-forward/"));
  }

  /** A pod that was foreseen goes where it was foreseen to go. */
  function takeOverForeseen(waiting: readonly Pod[], { cache, clock }: ControllerContext): void {
    for (const pod of waiting) {
      if (fleet.nominations.get(pod) || isForeseen(pod)) continue;
      const workload = workloadUid(cache, pod);
      if (workload) fleet.nominations.takeOver((uid) => isForeseenOf(uid, workload), pod, clock.now());
    }
  }

  function report(packing: Packing, observed: Observed, context: ControllerContext): void {
    const { clock, events, log } = context;
    const now = clock.now();
    for (const { nodePool, minValues } of packing.emptyPools) {
      const pool = observed.pools.find((one) => one.nodePool.metadata.name === nodePool);
      const because = minValues ? " due to minValues incompatibility" : "";
      const message = `NodePool requirements filtered out all compatible available instance types${because}`;
      if (pool) events.record(pool.object, { type: "Warning", reason: "NoCompatibleInstanceTypes", message });
      log.info("skipping, nodepool requirements filtered out all instance types", { NodePool: { name: nodePool } });
    }
    refusals.forEach((_, uid) => {
      if (!packing.refused.has(uid) && !observed.problems.has(uid)) refusals.delete(uid);
    });
    for (const pod of observed.pods) {
      const uid = uidOf(pod);
      const message = packing.refused.get(uid);
      if (message !== undefined && !isForeseen(pod)) refuse(pod, message, now, context);
    }
    for (const [uid, message] of observed.problems) {
      const pod = observed.waiting.find((one) => uidOf(one) === uid);
      if (pod) refuse(pod, `ignoring pod, ${message}`, now, context);
    }
    for (const [name, pods] of packing.nodes) {
      const machine = observed.machines.get(name);
      const claim = machine?.claim?.metadata.name;
      const node = machine?.node?.metadata.name;
      for (const pod of pods) nominate(pod, { ...(claim && { claim }), ...(node && { node }) }, context);
    }
    const placed = packing.claims.reduce((count, claim) => count + claim.pods.length, 0);
    if (placed === 0) return;
    const isLegacy = packing.claims.every((claim) => poolOf(claim, observed)?.isLegacy);
    log.info("found provisionable pod(s)", { Pods: podList(observed.pods), pods: observed.pods.length });
    log.info(isLegacy ? "computed new machine(s) to fit pod(s)" : "computed new nodeclaim(s) to fit pod(s)", {
      [isLegacy ? "machines" : "nodeclaims"]: packing.claims.length,
      pods: placed,
    });
    const onExisting = [...packing.nodes.values()];
    if (onExisting.length > 0) {
      const pods = onExisting.reduce((count, list) => count + list.length, 0);
      log.info("computed unready node(s) will fit pod(s)", { nodes: onExisting.length, pods });
    }
  }

  function refuse(pod: Pod, message: string, now: Instant, { events, log }: ControllerContext): void {
    const uid = uidOf(pod);
    const before = refusals.get(uid);
    if (before?.message === message && now - before.at < repeatRefusalMs) return;
    refusals.set(uid, { message, at: now });
    const { namespace, name } = pod.metadata;
    log.error("could not schedule pod", { Pod: { namespace, name }, error: message });
    events.record(pod, { type: "Warning", reason: "FailedScheduling", message: `Failed to schedule pod, ${message}` });
  }

  function nominate(pod: Pod, where: { claim?: string; node?: string }, { clock, events }: ControllerContext): void {
    const news = fleet.nominations.nominate(pod, where, clock.now());
    if (!news || isForeseen(pod)) return;
    const target = [where.claim && `nodeclaim/${where.claim}`, where.node && `node/${where.node}`].filter(Boolean);
    const message = `Pod should schedule on: ${target.join(", ")}`;
    events.record(pod, { type: "Normal", reason: "Nominated", message });
  }

  async function createClaims(packing: Packing, observed: Observed, context: ControllerContext): Promise<void> {
    await Promise.all(packing.claims.map((planned) => createClaim(planned, observed, context)));
  }

  async function createClaim(planned: NewClaim, observed: Observed, context: ControllerContext): Promise<void> {
    const { cache, client, clock, log, random, signal } = context;
    const pool = poolOf(planned, observed);
    if (!pool || signal.aborted) return;
    const nodePool = pool.nodePool.metadata.name;
    const nodeClass = nodeClassOf(cache, pool.nodePool.spec.template.spec.nodeClassRef.name, fleet.legacy);
    for (;;) {
      const name = `${nodePool}-${randomSuffix(random, 5)}`;
      const decision = launchDecision(planned, name, clock.now());
      fleet.ownClaims.add(name);
      try {
        await client.create(NodeClaim, nodeClaimFor(planned, name, pool, nodeClass, decision));
      } catch (error) {
        fleet.ownClaims.delete(name);
        if (isAlreadyExists(error)) continue;
        if (!(error instanceof ApiError)) throw error;
        log.error("creating node claim", { NodePool: { name: nodePool }, error: error.message });
        for (const pod of planned.pods) {
          refusals.set(uidOf(pod), { message: error.message, at: clock.now() });
        }
        return;
      }
      log.info("created nodeclaim", {
        NodePool: { name: nodePool },
        NodeClaim: { name },
        requests: decision.seen.requests,
        "instance-types": instanceTypeList(planned.instanceTypes.map((type) => type.name)),
        decision: decision.id,
        "usd-per-hour": decision.usdPerHour,
      });
      metrics.nodeClaimsCreated.labels("provisioned", nodePool, String(planned.minValuesRelaxed)).inc();
      for (const pod of planned.pods) nominate(pod, { claim: name }, context);
      return;
    }
  }
}

const poolOf = (planned: NewClaim, { pools }: Observed): Pool | undefined =>
  pools.find((pool) => pool.nodePool.metadata.name === planned.nodePool.metadata.name);
