import {
  ClusterProportionalAutoscaler,
  Deployment,
  type Kind,
  type KubernetesObject,
  ReplicaSet,
  type Selector,
  StatefulSet,
  selectorOfLabels,
} from "@bellows/api";
import {
  type Cache,
  type Controller,
  type ControllerContext,
  controller,
  lookAgainAt,
  mapped,
  type ObjectKey,
  reportInvalidSpec,
  self,
} from "@bellows/kube";
import { Corrections } from "./corrections.ts";
import type { LadderParams, Step } from "./engine/ladder.ts";
import type { LinearParams } from "./engine/linear.ts";
import type { Params } from "./engine/params.ts";
import { isSameTarget, type Target } from "./engine/target.ts";
import { decide, explainer, withAction } from "./explain.ts";
import { nodesThatCount } from "./node-watch.ts";
import { observeSize, type SizedTarget, sizeTargets } from "./proportional.ts";
import { RunningAutoscalers } from "./running-autoscalers.ts";
import { writeStatus } from "./status.ts";
import { autoscalersOf, completed, problemOf } from "./stored-autoscaler.ts";

/** Targets of kinds that are not watched are looked at this often. */
const pollPeriodMs = 10_000;

/**
 * Keeps the targets of each ClusterProportionalAutoscaler at replicas proportional to the cluster, at each change of a
 * node or a target. Writes: the targets' scale, the autoscaler's status, Events.
 * @param ignoreNeighbours  size targets that a Deployment of a cluster-proportional-autoscaler sizes, too
 */
export function clusterProportionalAutoscalerController({ ignoreNeighbours = false } = {}): Controller {
  const others = new RunningAutoscalers("any");
  const explain = explainer();
  const corrections = new Corrections(pollPeriodMs);
  return controller({
    name: "cluster-proportional-autoscaler-kind",
    watches: [
      self(ClusterProportionalAutoscaler),
      // Whoever waited for a target that another one has.
      mapped(ClusterProportionalAutoscaler, (autoscaler, { cache }) =>
        problemOf(autoscaler) === undefined ? rivalsOf(completed(autoscaler), cache).map(keyOf) : [],
      ),
      nodesThatCount(({ cache }) => cache.list(ClusterProportionalAutoscaler).map(keyOf)),
      mapped(Deployment, (deployment, { cache }) => {
        others.note(deployment, cache);
        return [];
      }),
      targetOfKind(Deployment),
      targetOfKind(ReplicaSet),
      targetOfKind(StatefulSet),
    ],
    async reconcile(key, context) {
      const found = context.cache.get(ClusterProportionalAutoscaler, key);
      if (!found || found.metadata.deletionTimestamp) return;
      const malformed = problemOf(found);
      if (malformed !== undefined) {
        const { generation } = found.metadata;
        const ready = { type: "Ready", ...(generation !== undefined && { observedGeneration: generation }) };
        return reportInvalidSpec(ClusterProportionalAutoscaler, found, ready, malformed, context);
      }
      const autoscaler = completed(found);
      const size = observeSize(context, nodesOf(autoscaler));
      const { namespace = "", name, uid = "", generation } = autoscaler.metadata;
      const { apiVersion, kind } = ClusterProportionalAutoscaler;
      const params = paramsOf(autoscaler);
      const now = context.clock.now();
      const { record, replicas } = decide({ apiVersion, kind, namespace, name, uid }, generation, params, size, now);
      const ownerOf = (target: Target) => (ignoreNeighbours ? undefined : others.ownerOf(namespace, target));
      const { free, taken } = shareOut(autoscaler, ownerOf, context);
      const sizing = { subject: autoscaler, decisionId: record.id, namespace, targets: free, replicas, size };
      const sized = await sizeTargets({ ...sizing, cached: watchedKinds, corrections }, context);
      if (context.signal.aborted) return undefined;
      const acted = withAction(record, replicas, sized);
      await writeStatus(autoscaler, key, acted, replicas, inOrder(autoscaler, [...sized, ...taken]), context);
      explain(acted, autoscaler, context);
      const isPolled =
        taken.length > 0 || sized.some(({ target, problem }) => problem !== undefined || !isWatched(target));
      return isPolled ? lookAgainAt(context.clock.now() + pollPeriodMs) : undefined;
    },
  });
}

const watchedKinds: readonly Kind[] = [Deployment, ReplicaSet, StatefulSet];

const isWatched = (target: Target): boolean =>
  watchedKinds.some(({ kind, apiVersion }) => kind === target.kind && apiVersion === target.apiVersion);

/** The other autoscalers that name one of its targets. */
const rivalsOf = ({ metadata, spec }: ClusterProportionalAutoscaler, cache: Cache): ClusterProportionalAutoscaler[] =>
  autoscalersOf(cache, metadata.namespace).filter(
    (other) =>
      other.metadata.name !== metadata.name &&
      other.spec.targets.some((target) => spec.targets.some((own) => isSameTarget(own, target))),
  );

/** Whether one comes before the other: the older, then by name. */
const isBefore = (one: ClusterProportionalAutoscaler, other: ClusterProportionalAutoscaler): boolean => {
  const [at, otherAt] = [one.metadata.creationTimestamp ?? "", other.metadata.creationTimestamp ?? ""];
  return at === otherAt ? one.metadata.name < other.metadata.name : at < otherAt;
};

/** A target that several autoscalers name is the oldest one's: two would undo each other's work for ever. */
function shareOut(
  autoscaler: ClusterProportionalAutoscaler,
  deploymentOf: (target: Target) => string | undefined,
  { cache, events }: ControllerContext,
): { free: Target[]; taken: SizedTarget[] } {
  const older = rivalsOf(autoscaler, cache).filter(
    (other) => !other.metadata.deletionTimestamp && isBefore(other, autoscaler),
  );
  const free: Target[] = [];
  const taken: SizedTarget[] = [];
  for (const [index, target] of autoscaler.spec.targets.entries()) {
    const named = older.find(({ spec }) => spec.targets.some((each) => isSameTarget(each, target)));
    const owner = named
      ? `ClusterProportionalAutoscaler/${named.metadata.name}, which is older`
      : deploymentOf(target) && `${deploymentOf(target)}, which runs a cluster-proportional-autoscaler`;
    if (!owner) {
      free.push(target);
      continue;
    }
    const problem = `spec.targets[${index}]: ${target.kind}/${target.name} is a target of ${owner}; expected one autoscaler for it`;
    events.record(autoscaler, { type: "Warning", reason: "AmbiguousTarget", message: problem });
    taken.push({ target, changed: false, problem, reason: "AmbiguousTarget" });
  }
  return { free, taken };
}

const inOrder = ({ spec }: ClusterProportionalAutoscaler, sized: readonly SizedTarget[]): SizedTarget[] =>
  sized.toSorted((a, b) => spec.targets.indexOf(a.target) - spec.targets.indexOf(b.target));

/** Wakes the autoscalers that name a workload as their target. */
const targetOfKind = <T extends KubernetesObject>(kind: Kind<T>) =>
  mapped(kind, (workload, { cache }) =>
    autoscalersOf(cache, workload.metadata.namespace)
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
