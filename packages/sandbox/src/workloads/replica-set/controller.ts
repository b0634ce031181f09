import {
  type Kind,
  type KubernetesObject,
  type Labels,
  Pod,
  type PodTemplateSpec,
  ReplicaSet,
  ReplicationController,
  removeCondition,
  Selector,
  selectorOf,
  selectorOfLabels,
  setCondition,
} from "@bellows/api";
import { type Controller, type ControllerContext, keyOf, lookAgainAt, mapped, self } from "@bellows/kube";
import { podsToDelete } from "../deletion-order.ts";
import { byController } from "../object-index.ts";
import { claim, controllerOf } from "../ownership.ts";
import { createPod, deletePod, podFromTemplate, slowStart } from "../pod-creation.ts";
import { isActive, isAvailable, isFinished, isReady, isTerminating, nextAvailableAt } from "../pod-state.ts";
import { toleratingConflicts, writeStatus } from "../writes.ts";

/** Most pods that one reconcile creates or deletes. */
const burstReplicas = 500;

/** What ReplicaSet and ReplicationController have in common. */
type Replicated = ReplicaSet | ReplicationController;
type Status = NonNullable<ReplicaSet["status"]>;

interface Flavour {
  readonly kind: Kind<Replicated>;
  readonly selector: (object: Replicated) => Selector;
  readonly hasTerminating: boolean;
}

const replicaSets: Flavour = {
  kind: ReplicaSet as Kind<Replicated>,
  selector: (object) => selectorOf((object as ReplicaSet).spec?.selector),
  hasTerminating: true,
};
const replicationControllers: Flavour = {
  kind: ReplicationController as Kind<Replicated>,
  selector: (object) => {
    const labels = (object as ReplicationController).spec?.selector as Labels | undefined;
    return labels && Object.keys(labels).length > 0 ? selectorOfLabels(labels) : Selector.nothing;
  },
  hasTerminating: false,
};

/** Keeps as many pods as a ReplicaSet asks for. Writes: pods, ReplicaSet status, Events. */
export const replicaSetController = (): Controller => replicating("replicaset-controller", replicaSets);

/** The same for ReplicationControllers. */
export const replicationController = (): Controller => replicating("replication-controller", replicationControllers);

function replicating(name: string, flavour: Flavour): Controller {
  const { kind, selector } = flavour;
  return toleratingConflicts({
    name,
    watches: [
      self(kind),
      mapped(Pod, (pod, { cache }) => {
        const owner = controllerOf(pod);
        if (owner)
          return owner.kind === kind.kind ? [{ namespace: pod.metadata.namespace as string, name: owner.name }] : [];
        if (!pod.metadata.labels) return [];
        const matching = cache
          .list(kind, pod.metadata.namespace)
          .filter((each) => selector(each).matches(pod.metadata.labels));
        return matching.map(keyOf);
      }),
    ],
    async reconcile(key, context) {
      const object = context.cache.get(kind, key);
      if (!object) return undefined;
      return reconcile(object, flavour, context);
    },
  });
}

async function reconcile(object: Replicated, flavour: Flavour, context: ControllerContext) {
  const { client, clock } = context;
  const { kind } = flavour;
  const selector = flavour.selector(object);
  const claimed = await claim(context, {
    owner: object,
    ownerKind: kind as unknown as Kind,
    kind: Pod,
    matches: (pod) => selector.matches(pod.metadata.labels),
    adoptable: (pod) => !isFinished(pod),
  });
  const active = claimed.filter(isActive);
  const terminating = claimed.filter((pod) => isTerminating(pod) && !isFinished(pod));

  let failure: unknown;
  if (!object.metadata.deletionTimestamp) {
    try {
      await manageReplicas(object, flavour, active, context);
    } catch (error) {
      failure = error;
    }
  }

  const now = clock.now();
  const minReadySeconds = object.spec?.minReadySeconds;
  const counted = countReplicas(active, object.spec?.template, minReadySeconds, now);
  const status = statusOf(object, counted, flavour.hasTerminating ? terminating.length : undefined, failure, now);
  await writeStatus(client, kind, object, status);
  if (failure) throw failure;
  const next = nextAvailableAt(active, minReadySeconds, now);
  return next === undefined ? undefined : lookAgainAt(next);
}

async function manageReplicas(
  object: Replicated,
  flavour: Flavour,
  active: readonly Pod[],
  context: ControllerContext,
) {
  const { kind } = flavour;
  const missing = (object.spec?.replicas ?? 1) - active.length;
  if (missing > 0) {
    const pod = podFromTemplate(object.spec?.template as PodTemplateSpec, object, kind as unknown as Kind);
    await slowStart(Math.min(missing, burstReplicas), () => createPod(context, object, pod));
  } else if (missing < 0) {
    const count = Math.min(-missing, burstReplicas);
    const doomed = podsToDelete(active, siblingPods(object, flavour, context), count, context.clock.now());
    await Promise.all(doomed.map((pod) => deletePod(context, object, pod)));
  }
}

/** Active pods of all ReplicaSets with the same controller: during a rollout they crowd the same nodes. */
function siblingPods(object: Replicated, { kind }: Flavour, { cache }: ControllerContext): readonly Pod[] {
  const owner = controllerOf(object as KubernetesObject);
  const related = owner ? byController(cache, kind).at(owner.uid) : [object];
  return related.flatMap((each) => byController(cache, Pod).at(each.metadata.uid ?? "")).filter(isActive);
}

interface Counted {
  readonly replicas: number;
  readonly fullyLabeledReplicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
}

/** How many of the active pods have all the template's labels, are ready, and are available. */
export function countReplicas(
  active: readonly Pod[],
  template: PodTemplateSpec | undefined,
  minReadySeconds: number | undefined,
  now: number,
): Counted {
  const labels = Object.entries(template?.metadata?.labels ?? {});
  let [fullyLabeledReplicas, readyReplicas, availableReplicas] = [0, 0, 0];
  for (const pod of active) {
    if (labels.every(([key, value]) => pod.metadata.labels?.[key] === value)) fullyLabeledReplicas++;
    if (!isReady(pod)) continue;
    readyReplicas++;
    if (isAvailable(pod, minReadySeconds, now)) availableReplicas++;
  }
  return { replicas: active.length, fullyLabeledReplicas, readyReplicas, availableReplicas };
}

function statusOf(
  object: Replicated,
  counted: Counted,
  terminating: number | undefined,
  failure: unknown,
  now: number,
): Status {
  const before = object.status?.conditions;
  const has = before?.some((condition) => condition.type === "ReplicaFailure");
  let conditions = before;
  if (failure && !has) {
    const reason = counted.replicas < (object.spec?.replicas ?? 1) ? "FailedCreate" : "FailedDelete";
    const message = failure instanceof Error ? failure.message : String(failure);
    conditions = [...setCondition(before, { type: "ReplicaFailure", status: "True", reason, message }, now)];
  } else if (!failure && has) {
    conditions = [...removeCondition(before ?? [], "ReplicaFailure")];
  }
  return {
    ...(counted.availableReplicas > 0 && { availableReplicas: counted.availableReplicas }),
    ...(conditions && conditions.length > 0 && { conditions }),
    ...(counted.fullyLabeledReplicas > 0 && { fullyLabeledReplicas: counted.fullyLabeledReplicas }),
    observedGeneration: object.metadata.generation ?? 0,
    ...(counted.readyReplicas > 0 && { readyReplicas: counted.readyReplicas }),
    replicas: counted.replicas,
    ...(terminating !== undefined && { terminatingReplicas: terminating }),
  };
}
