import { Requirement, type RequirementFields } from "./requirement.ts";
import { restrictedLabels } from "./well-known-labels.ts";

/** What is asked of a node, by label: at most one requirement a key. Treated as immutable once made. */
export type Requirements = ReadonlyMap<string, Requirement>;

/** Requirements of one key are intersected. */
export function requirementsOf(fields: Iterable<RequirementFields>): Map<string, Requirement> {
  const requirements = new Map<string, Requirement>();
  for (const field of fields) addRequirement(requirements, Requirement.of(field));
  return requirements;
}

/** Each label has exactly its value. */
export function requirementsOfLabels(labels: Readonly<Record<string, string>> = {}): Map<string, Requirement> {
  return requirementsOf(Object.entries(labels).map(([key, value]) => ({ key, operator: "In", values: [value] })));
}

function addRequirement(to: Map<string, Requirement>, requirement: Requirement): void {
  const existing = to.get(requirement.key);
  to.set(requirement.key, existing ? existing.intersection(requirement) : requirement);
}

/** Both together. The same map where `more` takes nothing away. */
export function combined(requirements: Requirements, more: Requirements): Requirements {
  let result: Map<string, Requirement> | undefined;
  for (const [key, requirement] of more) {
    const existing = requirements.get(key);
    const narrowed = existing ? existing.intersection(requirement) : requirement;
    if (narrowed === existing) continue;
    result ??= new Map(requirements);
    result.set(key, narrowed);
  }
  return result ?? requirements;
}

export function withRequirement(requirements: Requirements, requirement: Requirement): Requirements {
  return combined(requirements, new Map([[requirement.key, requirement]]));
}

/** The keys whose requirement differs between two states of one set; keys are never taken away. */
export function changedKeys(before: Requirements, after: Requirements): readonly string[] {
  if (before === after) return [];
  const changed: string[] = [];
  for (const [key, requirement] of after) if (before.get(key) !== requirement) changed.push(key);
  return changed;
}

/**
 * Whether a node with `requirements` can be what `asked` wants: keys that both have must share a value, and keys that
 * only `asked` has must allow absence, unless they are in `allowUndefined` (Karpenter's `Requirements.Compatible`).
 */
export function isCompatible(
  requirements: Requirements,
  asked: Requirements,
  allowUndefined: ReadonlySet<string> = noLabels,
): boolean {
  for (const [key, wanted] of asked) {
    const existing = requirements.get(key);
    if (existing) {
      if (!meets(existing, wanted)) return false;
    } else if (!wanted.allowsAbsence && !allowUndefined.has(key)) return false;
  }
  return true;
}

/** Why {@link isCompatible} does not hold, as Karpenter words it; undefined where it does. Several reasons join by `; `. */
export function incompatibility(
  requirements: Requirements,
  asked: Requirements,
  allowUndefined: ReadonlySet<string> = noLabels,
): string | undefined {
  for (const [key, wanted] of asked) {
    if (requirements.has(key) || wanted.allowsAbsence || allowUndefined.has(key)) continue;
    return `label ${JSON.stringify(key)} does not have known values${typoHint(requirements, key, allowUndefined)}`;
  }
  const problems: string[] = [];
  for (const [key, wanted] of asked) {
    const existing = requirements.get(key);
    if (existing && !meets(existing, wanted)) problems.push(`key ${key}, ${wanted} not in ${existing}`);
  }
  return problems.length > 0 ? problems.sort().join("; ") : undefined;
}

/** Whether no key that both have rules the other out. Keys of one side only do not matter. */
export function intersects(left: Requirements, right: Requirements): boolean {
  const [fewer, more] = left.size <= right.size ? [left, right] : [right, left];
  for (const [key, requirement] of fewer) {
    const other = more.get(key);
    if (other && !meets(other, requirement)) return false;
  }
  return true;
}

/** A label that both sides may do without is no conflict. */
const meets = (existing: Requirement, wanted: Requirement): boolean =>
  existing.intersects(wanted) || (wanted.allowsAbsence && existing.allowsAbsence);

const noLabels: ReadonlySet<string> = new Set();

function typoHint(requirements: Requirements, key: string, allowUndefined: ReadonlySet<string>): string {
  const suffix = key.includes("/") ? key.slice(key.indexOf("/") + 1) : key;
  const known = [...[...allowUndefined].sort(), ...[...requirements.keys()].sort()];
  const similar = known.find((label) => label.includes(key) || label.endsWith(suffix));
  return similar === undefined ? "" : ` (typo of ${JSON.stringify(similar)}?)`;
}

/** As messages have them: sorted, without labels that tell single nodes apart. */
export function formatRequirements(requirements: Requirements): string {
  return [...requirements.values()]
    .filter((requirement) => !restrictedLabels.has(requirement.key))
    .map(String)
    .sort()
    .join(", ");
}

/** As objects write them, by key. */
export function requirementFields(requirements: Requirements): RequirementFields[] {
  return [...requirements.keys()].sort().flatMap((key) => requirements.get(key)?.toFields() ?? []);
}

export const hasMinValues = (requirements: Requirements): boolean => {
  for (const requirement of requirements.values()) if (requirement.minValues !== undefined) return true;
  return false;
};
