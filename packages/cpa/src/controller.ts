import {
  ClusterProportionalAutoscaler,
  Deployment,
  type Kind,
  type KubernetesObject,
  Node,
  ReplicaSet,
  type Selector,
  StatefulSet,
  selectorOfLabels,
  setCondition,
  timestamp,
} from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  controller,
  lookAgainAt,
  mapped,
  type ObjectKey,
  self,
} from "@bellows/kube";
import type { ClusterSize } from "./engine/cluster-size.ts";
import type { LadderParams, Step } from "./engine/ladder.ts";
import type { LinearParams } from "./engine/linear.ts";
import { type Params, replicasFor } from "./engine/params.ts";
import { observeSize, type SizedTarget, sizeTargets } from "./proportional.ts";

/** Targets of kinds that are not watched are looked at this often. */
const pollPeriodMs = 10_000;

/**
 * Keeps the targets of each ClusterProportionalAutoscaler at replicas proportional to the cluster, at each change of a
 * node or a target. Writes: the targets' scale, the autoscaler's status, Events.
 */
export function clusterProportionalAutoscalerController(): Controller {
  return controller({
    name: "cluster-proportional-autoscaler-kind",
    watches: [
      self(ClusterProportionalAutoscaler),
      mapped(Node, (_, { cache }) => cache.list(ClusterProportionalAutoscaler).map(keyOf)),
      targetOfKind(Deployment),
      targetOfKind(ReplicaSet),
      targetOfKind(StatefulSet),
    ],
    async reconcile(key, context) {
      const autoscaler = context.cache.get(ClusterProportionalAutoscaler, key);
      if (!autoscaler || autoscaler.metadata.deletionTimestamp) return;
      const size = observeSize(context, nodesOf(autoscaler));
      const replicas = replicasFor(paramsOf(autoscaler), size);
      const { targets } = autoscaler.spec;
      const sized = await sizeTargets(autoscaler, key.namespace as string, targets, replicas, size, context);
      await writeStatus(autoscaler, key, size, replicas, sized, context);
      const isPolled = sized.some(({ target, problem }) => problem !== undefined || !watchedKinds.has(target.kind));
      return isPolled ? lookAgainAt(context.clock.now() + pollPeriodMs) : undefined;
    },
  });
}

const watchedKinds: ReadonlySet<string> = new Set(["Deployment", "ReplicaSet", "StatefulSet"]);

/** Wakes the autoscalers that name a workload as their target. */
const targetOfKind = <T extends KubernetesObject>(kind: Kind<T>) =>
  mapped(kind, (workload, { cache }) =>
    cache
      .list(ClusterProportionalAutoscaler, workload.metadata.namespace)
      .filter(({ spec }) =>
        spec.targets.some((target) => target.kind === kind.kind && target.name === workload.metadata.name),
      )
      .map(keyOf),
  );

const keyOf = ({ metadata }: ClusterProportionalAutoscaler): ObjectKey => ({
  namespace: metadata.namespace as string,
  name: metadata.name,
});

const nodesOf = ({ spec }: ClusterProportionalAutoscaler): Selector | undefined =>
  spec.nodeSelector && selectorOfLabels(spec.nodeSelector);

function paramsOf({ spec }: ClusterProportionalAutoscaler): Params {
  if (spec.linear) return { linear: spec.linear as LinearParams };
  const { coresToReplicas, nodesToReplicas, includeUnschedulableNodes } = spec.ladder ?? {
    includeUnschedulableNodes: false,
  };
  const ladder: LadderParams = {
    ...(coresToReplicas && { coresToReplicas: coresToReplicas as unknown as Step[] }),
    ...(nodesToReplicas && { nodesToReplicas: nodesToReplicas as unknown as Step[] }),
    includeUnschedulableNodes,
  };
  return { ladder };
}

async function writeStatus(
  autoscaler: ClusterProportionalAutoscaler,
  key: ObjectKey,
  size: ClusterSize,
  replicas: number,
  sized: readonly SizedTarget[],
  { client, clock }: ControllerContext,
): Promise<void> {
  const now = clock.now();
  const { generation } = autoscaler.metadata;
  const all = (autoscaler.spec.linear ?? autoscaler.spec.ladder)?.includeUnschedulableNodes ?? false;
  const failed = sized.filter(({ problem }) => problem !== undefined);
  const ready = {
    type: "Ready",
    status: failed.length === 0 ? ("True" as const) : ("False" as const),
    reason: failed.length === 0 ? "TargetsSized" : "FailedRescale",
    message:
      failed.length === 0
        ? `every target has ${replicas} replicas`
        : failed.map(({ target, problem }) => `${target.kind}/${target.name}: ${problem}`).join("; "),
    ...(generation !== undefined && { observedGeneration: generation }),
  };
  const before = autoscaler.status;
  const status = {
    ...(generation !== undefined && { observedGeneration: generation }),
    nodes: all ? size.totalNodes : size.schedulableNodes,
    cores: all ? size.totalCores : size.schedulableCores,
    replicas,
    ...(sized.some(({ changed }) => changed)
      ? { lastScaleTime: timestamp(now) }
      : before?.lastScaleTime && { lastScaleTime: before.lastScaleTime }),
    targets: sized.map(({ target, problem }) => ({
      kind: target.kind,
      name: target.name,
      ...(problem === undefined ? { replicas } : { message: problem }),
    })),
    conditions: [
      ...setCondition<NonNullable<NonNullable<typeof before>["conditions"]>[number]>(
        before?.conditions,
        ready as never,
        now,
      ),
    ],
  };
  if (JSON.stringify(status) === JSON.stringify(before)) return;
  await client.patch(
    ClusterProportionalAutoscaler,
    key,
    { type: "merge", body: { status } },
    { subresource: "status" },
  );
}
