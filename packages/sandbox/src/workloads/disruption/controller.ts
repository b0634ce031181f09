import {
  Deployment,
  type LabelSelector,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  SelectorError,
  StatefulSet,
  selectorOf,
  setCondition,
} from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  keyOf,
  lookAgainAt,
  mapped,
  type ObjectKey,
  self,
} from "@bellows/kube";
import { podsSelected } from "../object-index.ts";
import { controllerOf } from "../ownership.ts";
import { isFinished } from "../pod-state.ts";
import { toleratingConflicts, writeStatus } from "../writes.ts";
import { countHealthy, disruptionsAllowed, expectation, needsScale, stillDisrupted } from "./healthy-counts.ts";

/** Keeps the status of PodDisruptionBudgets, which evictions go by. Writes: PodDisruptionBudget status, Events. */
export const disruptionController = (): Controller =>
  toleratingConflicts({
    name: "disruption-controller",
    eventSource: "controllermanager",
    watches: [
      self(PodDisruptionBudget),
      mapped(Pod, (pod, context) => budgetsOf(pod, context)),
      // A change of scale changes what a budget in percent means.
      mapped(Deployment, scaleChanged),
      mapped(ReplicaSet, scaleChanged),
      mapped(StatefulSet, scaleChanged),
      mapped(ReplicationController, scaleChanged),
    ],
    async reconcile(key, context) {
      const budget = context.cache.get(PodDisruptionBudget, key);
      if (!budget || budget.metadata.deletionTimestamp) return undefined;
      return sync(budget, context);
    },
  });

function budgetsOf(pod: Pod, { cache }: ControllerContext): ObjectKey[] {
  return cache
    .list(PodDisruptionBudget, pod.metadata.namespace)
    .filter((budget) => selects(budget, pod))
    .map(keyOf);
}

function scaleChanged(
  { metadata }: Deployment | ReplicaSet | StatefulSet | ReplicationController,
  { cache }: ControllerContext,
) {
  return cache.list(PodDisruptionBudget, metadata.namespace).filter(needsScale).map(keyOf);
}

function selects({ spec }: PodDisruptionBudget, { metadata }: Pod): boolean {
  try {
    return selectorOf(spec?.selector).matches(metadata.labels);
  } catch (error) {
    if (error instanceof SelectorError) return false;
    throw error;
  }
}

function podsOf({ spec, metadata }: PodDisruptionBudget, cache: ControllerContext["cache"]): Pod[] {
  try {
    return podsSelected(cache, metadata.namespace ?? "", selectorOf(spec?.selector));
  } catch (error) {
    if (error instanceof SelectorError) return [];
    throw error;
  }
}

/** A selector as Go prints the struct, which is what the Event shows. */
function goLabelSelector(selector: LabelSelector | undefined): string {
  if (!selector) return "nil";
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(" ")}],},`,
  );
  const matchLabels = `map[string]string{${labels.map(([key, value]) => `${key}: ${value},`).join("")}}`;
  const matchExpressions = `[]LabelSelectorRequirement{${expressions.join("")}}`;
  return `&LabelSelector{MatchLabels:${matchLabels},MatchExpressions:${matchExpressions},}`;
}

async function sync(budget: PodDisruptionBudget, context: ControllerContext) {
  const { cache, client, clock, events } = context;
  const now = clock.now();
  const pods = podsOf(budget, cache);
  if (pods.length === 0) events.record(budget, { type: "Normal", reason: "NoPods", message: "No matching pods found" });
  try {
    let scale = 0;
    if (needsScale(budget)) {
      const found = await expectedScale(pods, context);
      scale = found.scale;
      if (found.unmanaged > 0) {
        const selector = goLabelSelector(budget.spec?.selector);
        const message =
          `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. ` +
          "As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. " +
          'To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.';
        events.record(budget, { type: "Warning", reason: "UnmanagedPods", message });
      }
    }
    const expected = expectation(budget, pods.length, scale);
    const disrupted = stillDisrupted(budget, pods, now);
    const currentHealthy = countHealthy(pods, disrupted.pods);
    const allowed = disruptionsAllowed(currentHealthy, expected);
    await write(budget, context, allowed, {
      currentHealthy,
      desiredHealthy: expected.desiredHealthy,
      expectedPods: expected.expectedPods,
      ...(Object.keys(disrupted.pods).length > 0 && { disruptedPods: disrupted.pods }),
    });
    return disrupted.recheckAt === undefined ? undefined : lookAgainAt(disrupted.recheckAt);
  } catch (error) {
    if (!(error instanceof UnknownScale)) throw error;
    // Nothing may be disrupted as long as it is not known how much there should be.
    const message = `Failed to calculate the number of expected pods: ${error.message}`;
    events.record(budget, { type: "Warning", reason: "CalculateExpectedPodCountFailed", message });
    const failed = { type: "DisruptionAllowed", status: "False", reason: "SyncFailed", message: error.message };
    const conditions = [...setCondition(budget.status?.conditions, failed as never, now)];
    const { currentHealthy = 0, desiredHealthy = 0, expectedPods = 0 } = budget.status ?? {};
    const counts = { currentHealthy, desiredHealthy, expectedPods };
    await writeStatus(client, PodDisruptionBudget, budget, {
      ...budget.status,
      ...counts,
      disruptionsAllowed: 0,
      conditions,
    });
    return lookAgainAt(now + 10_000);
  }
}

type Counts = Pick<
  NonNullable<PodDisruptionBudget["status"]>,
  "currentHealthy" | "desiredHealthy" | "expectedPods" | "disruptedPods"
>;

async function write(
  budget: PodDisruptionBudget,
  { client, clock }: ControllerContext,
  allowed: number,
  counts: Counts,
) {
  const observedGeneration = budget.metadata.generation ?? 0;
  const condition = {
    type: "DisruptionAllowed",
    status: allowed > 0 ? "True" : "False",
    reason: allowed > 0 ? "SufficientPods" : "InsufficientPods",
    message: "",
    observedGeneration,
  };
  const conditions = [...setCondition(budget.status?.conditions, condition as never, clock.now())];
  await writeStatus(client, PodDisruptionBudget, budget, {
    conditions,
    ...counts,
    disruptionsAllowed: allowed,
    observedGeneration,
  });
}

class UnknownScale extends Error {}

/** The replicas asked for by the controllers of pods, each counted once; a ReplicaSet of a Deployment counts as that. */
async function expectedScale(pods: readonly Pod[], context: ControllerContext) {
  const scales = new Map<string, number>();
  let unmanaged = 0;
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (!owner) {
      if (!isFinished(pod)) unmanaged++;
      continue;
    }
    if (scales.has(owner.uid)) continue;
    const found = await scaleOf(pod.metadata.namespace as string, owner, context);
    scales.set(owner.uid, 0);
    scales.set(found.uid, found.replicas);
  }
  let scale = 0;
  for (const replicas of scales.values()) scale += replicas;
  return { scale, unmanaged };
}

async function scaleOf(
  namespace: string,
  { apiVersion, kind, name, uid }: { apiVersion: string; kind: string; name: string; uid: string },
  { cache, client }: ControllerContext,
): Promise<{ uid: string; replicas: number }> {
  const key = { namespace, name };
  const gone = new UnknownScale(`found no controllers for pod's ${kind} "${name}"`);
  if (kind === "ReplicaSet") {
    const set = cache.get(ReplicaSet, key);
    if (set?.metadata.uid !== uid) throw gone;
    const owner = controllerOf(set);
    const deployment =
      owner?.kind === "Deployment" ? cache.get(Deployment, { namespace, name: owner.name }) : undefined;
    if (owner && deployment?.metadata.uid === owner.uid)
      return { uid: owner.uid, replicas: deployment.spec?.replicas ?? 1 };
    return { uid, replicas: set.spec?.replicas ?? 1 };
  }
  if (kind === "StatefulSet") return { uid, replicas: cache.get(StatefulSet, key)?.spec?.replicas ?? 1 };
  if (kind === "ReplicationController")
    return { uid, replicas: cache.get(ReplicationController, key)?.spec?.replicas ?? 1 };
  const resource = await client.resourceOf(apiVersion, kind);
  if (!resource?.subresources.includes("scale")) {
    const names = resource ? `${resource.plural}.${resource.group}` : `${kind.toLowerCase()}s`;
    throw new UnknownScale(`${names} does not implement the scale subresource`);
  }
  const scale = await client.getScale({ apiVersion, kind, namespace, name });
  return { uid, replicas: scale.spec?.replicas ?? 0 };
}
