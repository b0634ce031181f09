import { type NamespaceCondition, timestamp } from "@bellows/api";
import type { Instant } from "@bellows/kube";

/** What is left in a namespace that is being deleted. */
export interface Remains {
  /** `deployments.apps has 2 resource instances`, by resource. */
  readonly counts: ReadonlyMap<string, number>;
  /** Objects that wait for a finalizer. */
  readonly finalizers: ReadonlyMap<string, number>;
  readonly failedGroups: readonly string[];
  readonly errors: readonly string[];
}

const fine = {
  NamespaceDeletionDiscoveryFailure: ["ResourcesDiscovered", "All resources successfully discovered"],
  NamespaceDeletionGroupVersionParsingFailure: ["ParsedGroupVersions", "All legacy kube types successfully parsed"],
  NamespaceDeletionContentFailure: [
    "ContentDeleted",
    "All content successfully deleted, may be waiting on finalization",
  ],
  NamespaceContentRemaining: ["ContentRemoved", "All content successfully removed"],
  NamespaceFinalizersRemaining: ["ContentHasNoFinalizers", "All content-preserving finalizers finished"],
} as const;

type ConditionType = keyof typeof fine;

const sentence = (counts: ReadonlyMap<string, number>, phrase: (count: number) => string) =>
  [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${phrase(count)}`)
    .join(", ");

/** The conditions of a terminating namespace (namespace `status_condition_utils`, 1.35). */
export function deletionConditions(
  before: readonly NamespaceCondition[] | undefined,
  { counts, finalizers, failedGroups, errors }: Remains,
  now: Instant,
): NamespaceCondition[] {
  const trouble = new Map<ConditionType, readonly [string, string]>();
  if (failedGroups.length > 0) {
    const list = failedGroups.join(", ");
    const message = `Discovery failed for some groups, ${failedGroups.length} failing: unable to retrieve the complete list of server APIs: ${list}`;
    trouble.set("NamespaceDeletionDiscoveryFailure", ["DiscoveryFailed", message]);
  }
  if (errors.length > 0) {
    const message = `Failed to delete all resource types, ${errors.length} remaining: ${[...errors].sort().join(", ")}`;
    trouble.set("NamespaceDeletionContentFailure", ["ContentDeletionFailed", message]);
  }
  if (counts.size > 0) {
    const list = sentence(counts, (count) => `has ${count} resource instances`);
    trouble.set("NamespaceContentRemaining", ["SomeResourcesRemain", `Some resources are remaining: ${list}`]);
  }
  if (finalizers.size > 0) {
    const list = sentence(finalizers, (count) => `in ${count} resource instances`);
    const message = `Some content in the namespace has finalizers remaining: ${list}`;
    trouble.set("NamespaceFinalizersRemaining", ["SomeFinalizersRemain", message]);
  }
  const at = timestamp(now);
  const types = Object.keys(fine) as ConditionType[];
  const conditions = types.map((type): NamespaceCondition => {
    const [reason, message] = trouble.get(type) ?? fine[type];
    const status = trouble.has(type) ? "True" : "False";
    const known = before?.find((condition) => condition.type === type);
    if (known?.status === status && known.reason === reason && known.message === message) return known;
    const lastTransitionTime = known?.status === status ? (known.lastTransitionTime ?? at) : at;
    return { type, status, reason, message, lastTransitionTime };
  });
  const others = (before ?? []).filter(({ type }) => !(type in fine));
  return [...others, ...conditions];
}
