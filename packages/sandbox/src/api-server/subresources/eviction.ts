import { type LabelSelector, selectorOf } from "@bellows/api";
import { timestamp } from "@bellows/kube";
import { type ApiObject, record, storeKey } from "../api-object.ts";
import { bodyOf } from "../rest/body.ts";
import { type DeleteOptions, deleteStored } from "../rest/delete.ts";
import { existing } from "../rest/read.ts";
import type { RequestScope } from "../rest/request-scope.ts";
import { badRequest, conflict, forbidden, type Status, StatusError } from "../status-error.ts";
import { isPodReady, withPodCondition } from "./pod-conditions.ts";

/** Evictions that the disruption controller has not seen yet; more of them are refused. */
const maxDisruptedPods = 2000;

interface BudgetStatus {
  readonly observedGeneration?: number;
  readonly disruptionsAllowed?: number;
  readonly currentHealthy?: number;
  readonly desiredHealthy?: number;
  readonly disruptedPods?: Readonly<Record<string, string>>;
  readonly conditions?: readonly { type: string; status: string; reason: string; message?: string }[];
}

/** POST of a policy/v1 Eviction: deletes the Pod if its disruption budget has room. */
export function evict(scope: RequestScope): Status {
  const { namespace, name, resource, parts } = scope;
  const eviction = bodyOf(scope.request, { group: "policy", version: "v1", kind: "Eviction" });
  const bodyName = (eviction.metadata as { name?: string } | undefined)?.name;
  if (bodyName !== undefined && bodyName !== name)
    throw badRequest("name in URL does not match name in Eviction object");
  const options = record(eviction.deleteOptions) as DeleteOptions;
  const dryRun = scope.dryRun || (options.dryRun?.length ?? 0) > 0;
  const pod = existing(resource, namespace, name as string);
  checkPreconditions(pod, options);
  if (!ignoresBudget(pod)) takeFromBudget(scope, pod, dryRun);
  if (!dryRun && !pod.metadata.deletionTimestamp) {
    const condition = {
      type: "DisruptionTarget",
      status: "True",
      reason: "EvictionByEvictionAPI",
      message: "Eviction API: evicting",
    };
    const marked = withPodCondition(pod, condition, timestamp(parts.clock.now()));
    resource.collection.replace(storeKey(namespace, name as string), marked);
  }
  deleteStored(scope, existing(resource, namespace, name as string), {
    ...options,
    ...(dryRun && { dryRun: ["All"] }),
  });
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
}

function checkPreconditions({ metadata }: ApiObject, { preconditions }: DeleteOptions): void {
  const refuse = (why: string) => conflict({ group: "", resource: "Pod" }, metadata.name, why);
  if (preconditions?.uid && preconditions.uid !== metadata.uid)
    throw refuse(
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  if (preconditions?.resourceVersion && preconditions.resourceVersion !== metadata.resourceVersion)
    throw refuse(
      `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
}

/** Pods that do no work, and those that are going anyway, disrupt nothing. */
function ignoresBudget({ metadata, status }: ApiObject): boolean {
  const phase = record(status).phase;
  return phase === "Succeeded" || phase === "Failed" || phase === "Pending" || metadata.deletionTimestamp !== undefined;
}

function takeFromBudget(scope: RequestScope, pod: ApiObject, dryRun: boolean): void {
  const budgets = scope.parts.store
    .collection("policy/poddisruptionbudgets")
    .list(`${scope.namespace}/`)
    .filter((budget) => selects(budget, pod));
  if (budgets.length > 1)
    throw new StatusError(
      500,
      "",
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
    );
  const [budget] = budgets;
  if (!budget) return;
  const status = record(budget.status) as BudgetStatus;
  const { currentHealthy = 0, desiredHealthy = 0 } = status;
  if (!isPodReady(pod)) {
    // An unhealthy Pod is not one of those that the budget counts.
    if (record(budget.spec).unhealthyPodEvictionPolicy === "AlwaysAllow") return;
    if (currentHealthy >= desiredHealthy && desiredHealthy > 0) return;
  }
  const next = decremented(scope, budget, status, pod.metadata.name);
  if (!dryRun)
    scope.parts.store
      .collection("policy/poddisruptionbudgets")
      .replace(storeKey(budget.metadata.namespace, budget.metadata.name), next);
}

function selects(budget: ApiObject, pod: ApiObject): boolean {
  try {
    return selectorOf(record(budget.spec).selector as LabelSelector | undefined).matches(pod.metadata.labels);
  } catch {
    return false;
  }
}

function decremented(scope: RequestScope, budget: ApiObject, status: BudgetStatus, podName: string): ApiObject {
  const { name, generation = 0 } = budget.metadata;
  const { observedGeneration = 0, disruptionsAllowed = 0, disruptedPods = {} } = status;
  if (observedGeneration < generation)
    throw tooMany(`The disruption budget ${name} is still being processed by the server.`, 10);
  const resource = { group: "policy", resource: "poddisruptionbudget" };
  if (disruptionsAllowed < 0) throw forbidden(resource, name, "pdb disruptions allowed is negative");
  if (Object.keys(disruptedPods).length > maxDisruptedPods)
    throw forbidden(resource, name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  if (disruptionsAllowed === 0) throw tooMany(noRoom(name, status), 0);
  const now = timestamp(scope.parts.clock.now());
  const left = disruptionsAllowed - 1;
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: left,
      disruptedPods: { ...disruptedPods, [podName]: now },
      ...(left === 0 && { conditions: withoutRoom(status, generation, now) }),
    },
  };
}

function noRoom(name: string, { conditions = [], currentHealthy = 0, desiredHealthy = 0 }: BudgetStatus): string {
  const condition = conditions.find(({ type }) => type === "DisruptionAllowed");
  const why = condition?.status === "False" && condition.message ? condition : undefined;
  if (why?.reason === "SyncFailed")
    return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${why.message}`;
  if (currentHealthy <= desiredHealthy)
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  if (why)
    return `The disruption budget ${name} does not allow evicting pods currently (${why.reason}): ${why.message}`;
  return `The disruption budget ${name} does not allow evicting pods currently`;
}

function withoutRoom({ conditions = [] }: BudgetStatus, observedGeneration: number, lastTransitionTime: string) {
  const others = conditions.filter(({ type }) => type !== "DisruptionAllowed");
  const condition = { type: "DisruptionAllowed", status: "False", reason: "InsufficientPods", message: "" };
  return [...others, { ...condition, observedGeneration, lastTransitionTime }];
}

const tooMany = (message: string, retryAfterSeconds: number) =>
  new StatusError(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: "DisruptionBudget", message }],
    ...(retryAfterSeconds > 0 && { retryAfterSeconds }),
  });
