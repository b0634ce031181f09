import {
  ControllerRevision,
  DaemonSet,
  type DaemonSetStatus,
  Node,
  Pod,
  type PodTemplateSpec,
  selectorOf,
  stableJson,
} from "@bellows/api";
import { type Controller, type ControllerContext, keyOf, lookAgainAt, mapped, self } from "@bellows/kube";
import { hashOf, syncRevisions, truncateRevisions } from "../controller-revisions.ts";
import { scaledValue } from "../int-or-percent.ts";
import { claim, controllerOf } from "../ownership.ts";
import { createPod, deletePod, podFromTemplate, slowStart } from "../pod-creation.ts";
import { isAvailable, isFinished, isReady, isTerminating, nextAvailableAt } from "../pod-state.ts";
import { toleratingConflicts, writeStatus } from "../writes.ts";
import { type Placement, pinned, placements, targetNode } from "./placement.ts";
import { type NodePods, replacements } from "./rolling-update.ts";

const revisionLabel = "controller-revision-hash";
const generationLabel = "pod-template-generation";
const generationAnnotation = "deprecated.daemonset.template.generation";
const burstReplicas = 250;

/** A failed pod is replaced after a back-off that doubles from one second to fifteen minutes. */
const failedBackoffMs = { first: 1_000, most: 900_000 };

/** Keeps one pod on each node that a DaemonSet is for. Writes: pods, ControllerRevisions, DaemonSet status, Events. */
export function daemonSetController(): Controller {
  const failures = new Map<string, { readonly backoffMs: number; readonly at: number }>();
  return toleratingConflicts({
    name: "daemonset-controller",
    watches: [
      self(DaemonSet),
      mapped(Pod, (pod, { cache }) => {
        const owner = controllerOf(pod);
        const namespace = pod.metadata.namespace as string;
        if (owner) return owner.kind === "DaemonSet" ? [{ namespace, name: owner.name }] : [];
        const sets = cache.list(DaemonSet, namespace);
        return sets.filter((set) => selectorOf(set.spec?.selector).matches(pod.metadata.labels)).map(keyOf);
      }),
    ],
    reads: [Node, ControllerRevision] as never,
    start({ cache, enqueue }) {
      // Heartbeats change nothing for daemons: only what placement looks at wakes them.
      const facts = (node: Node | undefined) => node && stableJson([node.metadata.labels, node.spec?.taints]);
      cache.informer(Node).handle({
        changed(_, before, after) {
          if (before && after && facts(before) === facts(after)) return;
          for (const set of cache.list(DaemonSet)) enqueue(keyOf(set));
        },
      });
    },
    async reconcile(key, context) {
      const set = context.cache.get(DaemonSet, key);
      if (!set?.spec || set.metadata.deletionTimestamp) return undefined;
      const { matchLabels, matchExpressions } = set.spec.selector;
      if (!matchLabels && !matchExpressions?.length) {
        const message = "This daemon set is selecting all pods. A non-empty selector is required.";
        context.events.record(set, { type: "Warning", reason: "SelectingAll", message });
        return undefined;
      }
      return reconcile(set, context, failures);
    },
  });
}

async function reconcile(
  set: DaemonSet,
  context: ControllerContext,
  failures: Map<string, { readonly backoffMs: number; readonly at: number }>,
) {
  const { cache, client, clock, events } = context;
  const now = clock.now();
  const template = set.spec?.template as PodTemplateSpec;
  const selector = selectorOf(set.spec?.selector);
  const pods = await claim(context, {
    owner: set,
    ownerKind: DaemonSet,
    kind: Pod,
    matches: (pod) => selector.matches(pod.metadata.labels),
  });
  const revisions = await syncRevisions(context, {
    object: set,
    kind: DaemonSet as never,
    selector,
    template,
    collisionCount: set.status?.collisionCount,
  });
  const hash = hashOf(revisions.update);
  const byNode = groupByNode(pods);
  const nodes = cache.list(Node);
  const placementOn = placements(set);
  const placed = nodes.map((node) => ({ name: node.metadata.name, ...placementOn(node) }));
  const minReadySeconds = set.spec?.minReadySeconds;
  const available = (pod: Pod) => isAvailable(pod, minReadySeconds, now);

  const remove: Pod[] = [];
  const addOn: string[] = [];
  let retryAt: number | undefined;
  for (const { name: nodeName, shouldRun, mayStay } of placed) {
    const own = byNode.get(nodeName) ?? [];
    const running: Pod[] = [];
    for (const pod of own) {
      if (isTerminating(pod)) continue;
      if (!isFinished(pod)) {
        running.push(pod);
        continue;
      }
      if (!mayStay) {
        remove.push(pod);
        continue;
      }
      const failed = pod.status?.phase === "Failed";
      const backoffKey = `${set.metadata.uid}/${nodeName}`;
      const known = failures.get(backoffKey);
      if (failed && known && now < known.at + known.backoffMs) {
        retryAt = Math.min(retryAt ?? Number.POSITIVE_INFINITY, known.at + known.backoffMs);
        continue;
      }
      if (failed) {
        const backoffMs = known ? Math.min(failedBackoffMs.most, known.backoffMs * 2) : failedBackoffMs.first;
        failures.set(backoffKey, { backoffMs, at: now });
      }
      const what = failed ? "failed" : "succeeded";
      const verb = failed ? "kill" : "delete";
      const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
      const message = `Found ${what} daemon pod ${name} on node ${nodeName}, will try to ${verb} it`;
      events.record(set, {
        type: failed ? "Warning" : "Normal",
        reason: failed ? "FailedDaemonPod" : "SucceededDaemonPod",
        message,
      });
      remove.push(pod);
    }
    if (shouldRun && own.length === 0) addOn.push(nodeName);
    else if (!mayStay) remove.push(...running);
    else if (running.length > 1) remove.push(...excess(running, hash, available, surgeOf(set, nodes.length) > 0));
  }
  // Pods of nodes that are gone and that never started; those that run there are the pod collector's.
  const known = new Set(placed.map(({ name }) => name));
  for (const [nodeName, own] of byNode) {
    if (!known.has(nodeName)) remove.push(...own.filter((pod) => !pod.spec?.nodeName && !isTerminating(pod)));
  }

  let failure: unknown;
  try {
    await apply(set, context, remove, addOn, hash);
    const busy = new Set<Pod>(remove);
    if ((set.spec?.updateStrategy?.type ?? "RollingUpdate") === "RollingUpdate") {
      const candidates = placed.flatMap(({ name: nodeName, shouldRun }): NodePods[] => {
        const own = (byNode.get(nodeName) ?? []).filter((pod) => !isTerminating(pod) && !busy.has(pod));
        if (!shouldRun && own.length === 0) return [];
        const isFresh = (pod: Pod) => pod.metadata.labels?.[revisionLabel] === hash;
        const old = own.filter((pod) => !isFresh(pod));
        return [{ nodeName, shouldRun, fresh: own.filter(isFresh), old }];
      });
      const desired = placed.filter(({ shouldRun }) => shouldRun).length;
      const maxSurge = surgeOf(set, desired);
      const stated = set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
      const maxUnavailable = maxSurge > 0 ? 0 : scaledValue(stated, desired, "up");
      const { remove: outdated, addOn: surge } = replacements(candidates, {
        maxUnavailable,
        maxSurge,
        isAvailable: available,
      });
      await apply(set, context, outdated, surge, hash);
    }
  } catch (error) {
    failure = error;
  }
  const status = statusOf(set, placed, byNode, hash, available, revisions.collisionCount);
  await writeStatus(client, DaemonSet, set, status);
  if (failure) throw failure;
  const inUse = new Set(pods.map((pod) => pod.metadata.labels?.[revisionLabel]));
  await truncateRevisions(
    context,
    revisions.all,
    (revision) => revision === revisions.update || inUse.has(hashOf(revision)),
    set.spec?.revisionHistoryLimit,
  );
  const next = Math.min(
    retryAt ?? Number.POSITIVE_INFINITY,
    nextAvailableAt(pods, minReadySeconds, now) ?? Number.POSITIVE_INFINITY,
  );
  return next === Number.POSITIVE_INFINITY ? undefined : lookAgainAt(next);
}

const surgeOf = (set: DaemonSet, desired: number): number =>
  (set.spec?.updateStrategy?.type ?? "RollingUpdate") === "RollingUpdate"
    ? scaledValue(set.spec?.updateStrategy?.rollingUpdate?.maxSurge, desired, "up")
    : 0;

function groupByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = targetNode(pod);
    if (node === undefined) continue;
    const same = byNode.get(node);
    if (same) same.push(pod);
    else byNode.set(node, [pod]);
  }
  return byNode;
}

/** All but the oldest; while surging, all but the oldest old one and the oldest new one. */
function excess(pods: readonly Pod[], hash: string, isAvailable: (pod: Pod) => boolean, surges: boolean): Pod[] {
  const byAge = [...pods].sort((a, b) => {
    const assigned = Number(Boolean(b.spec?.nodeName)) - Number(Boolean(a.spec?.nodeName));
    const [left, right] = [a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? ""];
    return assigned || (left < right ? -1 : left > right ? 1 : a.metadata.name < b.metadata.name ? -1 : 1);
  });
  if (!surges) return byAge.slice(1);
  const old = byAge.filter((pod) => pod.metadata.labels?.[revisionLabel] !== hash);
  const fresh = byAge.filter((pod) => pod.metadata.labels?.[revisionLabel] === hash);
  const done = fresh[0] !== undefined && isAvailable(fresh[0]);
  return [...fresh.slice(1), ...old.slice(done ? 0 : 1)];
}

async function apply(
  set: DaemonSet,
  context: ControllerContext,
  remove: readonly Pod[],
  addOn: readonly string[],
  hash: string,
) {
  const template = set.spec?.template as PodTemplateSpec;
  const generation = set.metadata.annotations?.[generationAnnotation];
  const labels = { [revisionLabel]: hash, ...(generation && { [generationLabel]: generation }) };
  await slowStart(Math.min(addOn.length, burstReplicas), (index) =>
    createPod(context, set, podFromTemplate(pinned(template, addOn[index] as string, labels), set, DaemonSet as never)),
  );
  await Promise.all(remove.slice(0, burstReplicas).map((pod) => deletePod(context, set, pod)));
}

function statusOf(
  set: DaemonSet,
  nodes: readonly (Placement & { readonly name: string })[],
  byNode: ReadonlyMap<string, readonly Pod[]>,
  hash: string,
  isAvailable: (pod: Pod) => boolean,
  collisionCount: number | undefined,
): DaemonSetStatus {
  let [desired, scheduled, misscheduled, ready, updated, available] = [0, 0, 0, 0, 0, 0];
  for (const { name, shouldRun } of nodes) {
    const pods = byNode.get(name) ?? [];
    if (!shouldRun) {
      if (pods.length > 0) misscheduled++;
      continue;
    }
    desired++;
    const oldest =
      pods.length < 2
        ? pods
        : [...pods].sort((a, b) =>
            (a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? -1 : 1,
          );
    const readyPods = oldest.filter(isReady);
    // While surging a node has two pods: the best of them stands for it.
    const best = readyPods.find(isAvailable) ?? readyPods[0] ?? oldest[0];
    if (!best) continue;
    scheduled++;
    if (isReady(best)) {
      ready++;
      if (isAvailable(best)) available++;
    }
    if (pods.some((pod) => pod.metadata.labels?.[revisionLabel] === hash)) updated++;
  }
  return {
    ...(collisionCount !== undefined && { collisionCount }),
    currentNumberScheduled: scheduled,
    desiredNumberScheduled: desired,
    ...(available > 0 && { numberAvailable: available }),
    numberMisscheduled: misscheduled,
    numberReady: ready,
    ...(desired - available > 0 && { numberUnavailable: desired - available }),
    observedGeneration: set.metadata.generation ?? 0,
    ...(updated > 0 && { updatedNumberScheduled: updated }),
  };
}
