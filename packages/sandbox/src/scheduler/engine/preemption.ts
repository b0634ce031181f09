import type { PodDisruptionBudget } from "@bellows/api";
import { fitMessage } from "./fit-error.ts";
import type { NodeInfo } from "./node-info.ts";
import type { NodeFilter, Rejection } from "./plugin.ts";
import type { PodInfo } from "./pod-info.ts";
import { checkWithNominated, type DecisionInput, type Failure, prepareFilters } from "./schedule-pod.ts";
import { matcherOf } from "./selector.ts";

export interface Candidate {
  readonly node: NodeInfo;
  /** From the most important to the least. */
  readonly victims: readonly PodInfo[];
  readonly budgetViolations: number;
}

export type Preemption =
  | { readonly candidate: Candidate; readonly message?: undefined }
  /** `keepsNomination`: the pod still waits for the victims of an earlier preemption to go. */
  | { readonly candidate?: undefined; readonly message: string; readonly keepsNomination: boolean };

/** At least 100 and a tenth of the nodes are tried before choosing among candidates. */
const minCandidates = 100;

const rejected = (reason: string): Rejection => ({
  plugin: "DefaultPreemption",
  reasons: [reason],
  preemptible: false,
});
const noVictims = rejected("No preemption victims found for incoming pod");
const notHelpful = rejected("Preemption is not helpful for scheduling");

/** Whether a pod matters more: by priority, then by having run longer. */
export function compareImportance(a: PodInfo, b: PodInfo): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  const [left, right] = [startOf(a), startOf(b)];
  if (left !== right) return left < right ? -1 : 1;
  return a.uid < b.uid ? -1 : a.uid > b.uid ? 1 : 0;
}

/** A pod that has not started yet is as new as can be. */
const startOf = ({ pod }: PodInfo): string => pod.status?.startTime ?? "~";

/** Finds the node where taking away the least important pods makes room for `pod`, within budgets where possible. */
export function decidePreemption(
  pod: PodInfo,
  failure: Failure,
  budgets: readonly PodDisruptionBudget[],
  input: DecisionInput,
): Preemption {
  const ineligible = whyIneligible(pod, failure, input);
  if (ineligible) return { message: ineligible, keepsNomination: true };

  const nodes = input.cluster.nodes();
  const potential = nodes.filter((node) => failure.rejections.get(node.name)?.preemptible);
  const filters = prepareFilters(pod, input);
  const statuses = new Map<string, Rejection>(nodes.map((node) => [node.name, notHelpful]));
  const candidates: Candidate[] = [];
  if (Array.isArray(filters) && potential.length > 0) {
    const enough = Math.min(potential.length, Math.max(minCandidates, Math.trunc(potential.length / 10)));
    const offset = potential.length > 1 ? input.pick(potential.length) : 0;
    for (let index = 0; index < potential.length; index++) {
      const node = potential[(offset + index) % potential.length] as NodeInfo;
      const result = victimsOn(pod, node, filters, budgets, input);
      if ("reasons" in result) statuses.set(node.name, result);
      else candidates.push(result);
      if (candidates.length >= enough && candidates.some((candidate) => candidate.budgetViolations === 0)) break;
    }
  }
  const candidate = best(candidates);
  if (candidate) return { candidate };
  return { message: fitMessage(nodes.length, statuses.values()), keepsNomination: false };
}

function whyIneligible(pod: PodInfo, failure: Failure, { cluster }: DecisionInput): string | undefined {
  if (pod.pod.spec?.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
  const nominated = pod.pod.status?.nominatedNodeName;
  if (!nominated || failure.rejections.get(nominated)?.preemptible === false) return undefined;
  for (const other of cluster.node(nominated)?.pods.values() ?? []) {
    const preempted = other.pod.status?.conditions?.some(
      (condition) =>
        condition.type === "DisruptionTarget" &&
        condition.status === "True" &&
        condition.reason === "PreemptionByScheduler",
    );
    if (other.priority < pod.priority && other.terminating && preempted) {
      return "not eligible due to a terminating pod on the nominated node.";
    }
  }
  return undefined;
}

/** The fewest pods of less priority that have to go from a node, sparing the important and the budgeted first. */
function victimsOn(
  pod: PodInfo,
  original: NodeInfo,
  filters: readonly NodeFilter[],
  budgets: readonly PodDisruptionBudget[],
  input: DecisionInput,
): Candidate | Rejection {
  const potential = [...original.pods.values()]
    .filter((other) => other.priority < pod.priority)
    .sort(compareImportance);
  if (potential.length === 0) return noVictims;
  const node = original.copy();
  const gone = new Set<PodInfo>();
  const remove = (other: PodInfo) => {
    node.removePod(other.uid);
    gone.add(other);
    for (const filter of filters) filter.podRemoved?.(other, node);
  };
  const restore = (other: PodInfo) => {
    node.addPod(other);
    gone.delete(other);
    for (const filter of filters) filter.podAdded?.(other, node);
  };
  const check = () => checkWithNominated(pod, filters, node, input.nominated(node.name));
  try {
    for (const other of potential) remove(other);
    const rejection = check();
    if (rejection) return rejection;
    const { violating, others } = byBudget(potential, budgets);
    const spare = (other: PodInfo): boolean => {
      restore(other);
      if (!check()) return true;
      remove(other);
      return false;
    };
    let budgetViolations = 0;
    for (const other of violating) if (!spare(other)) budgetViolations++;
    for (const other of others) spare(other);
    const victims = potential.filter((other) => gone.has(other));
    return { node: original, victims, budgetViolations };
  } finally {
    for (const other of [...gone]) restore(other);
  }
}

/** Splits pods, in order, by whether evicting them would overdraw a PodDisruptionBudget. */
export function byBudget(pods: readonly PodInfo[], budgets: readonly PodDisruptionBudget[]) {
  const accounts = budgets.map((budget) => ({
    budget,
    matcher: matcherOf(budget.spec?.selector),
    empty: Object.keys(budget.spec?.selector ?? {}).length === 0,
    left: budget.status?.disruptionsAllowed ?? 0,
  }));
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const pod of pods) {
    let violates = false;
    for (const account of accounts) {
      const { metadata, status } = account.budget;
      if (account.empty || metadata.namespace !== pod.namespace || !account.matcher.matches(pod.labels)) continue;
      // The API server has counted this one when it was evicted.
      if (status?.disruptedPods?.[pod.pod.metadata.name]) continue;
      if (--account.left < 0) violates = true;
    }
    (violates ? violating : others).push(pod);
  }
  return { violating, others };
}

/** Order: fewest budget violations, lowest top priority, smallest sum of priorities, fewest victims, latest start. */
function best(candidates: readonly Candidate[]): Candidate | undefined {
  const floor = 2 ** 31;
  const rank = ({ victims, budgetViolations }: Candidate) => {
    const top = victims[0]?.priority ?? 0;
    const starts = victims.filter((victim) => victim.priority === top).map(startOf);
    return {
      numbers: [budgetViolations, top, victims.reduce((sum, each) => sum + each.priority + floor, 0), victims.length],
      earliest: starts.sort()[0] ?? "~",
    };
  };
  let chosen: { candidate: Candidate; rank: ReturnType<typeof rank> } | undefined;
  for (const candidate of candidates) {
    const own = rank(candidate);
    if (!chosen || isBetter(own, chosen.rank)) chosen = { candidate, rank: own };
  }
  return chosen?.candidate;
}

type Rank = { readonly numbers: readonly number[]; readonly earliest: string };

function isBetter(a: Rank, b: Rank): boolean {
  for (let index = 0; index < a.numbers.length; index++) {
    const [left, right] = [a.numbers[index] as number, b.numbers[index] as number];
    if (left !== right) return left < right;
  }
  return a.earliest > b.earliest;
}
