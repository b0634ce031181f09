import type { ResourceQuota } from "@bellows/api";
import type { FieldErrors } from "./field-errors.ts";

type Spec = NonNullable<ResourceQuota["spec"]>;

const compute = ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
const ofPods = new Set(["pods", ...compute]);
/** What each scope can limit; other names of resources are nobody's concern. */
const limitedBy: Readonly<Record<string, ReadonlySet<string>>> = {
  Terminating: ofPods,
  NotTerminating: ofPods,
  NotBestEffort: ofPods,
  PriorityClass: ofPods,
  CrossNamespacePodAffinity: ofPods,
  BestEffort: new Set(["pods"]),
  VolumeAttributesClass: new Set(["persistentvolumeclaims", "requests.storage"]),
};
const standardResources: ReadonlySet<string> = new Set([
  ...compute,
  ...["ephemeral-storage", "requests.storage", "requests.ephemeral-storage", "limits.ephemeral-storage"],
  ...["pods", "resourcequotas", "services", "replicationcontrollers", "secrets", "persistentvolumeclaims"],
  ...["configmaps", "services.nodeports", "services.loadbalancers"],
]);
const exclusive = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
] as const;
const existOnly = new Set([
  ...["BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"],
]);

/** Scopes, and the selector of scopes, of a quota: known, fit for what it limits, and not at odds. */
export function validateQuotaScopes(errors: FieldErrors, spec: Spec): void {
  const { scopes = [], scopeSelector } = spec;
  checkScopes(spec, scopes, {
    unknown: () => errors.invalid("spec.scopes", scopes, "unsupported scope"),
    misapplied: () => errors.invalid("spec.scopes", scopes, "unsupported scope applied to resource"),
    conflicting: () => errors.invalid("spec.scopes", scopes, "conflicting scopes"),
  });
  if (!scopeSelector) return;
  const path = "spec.scopeSelector.matchExpressions";
  const { matchExpressions = [] } = scopeSelector;
  for (const expression of matchExpressions) validateExpression(errors, spec, expression, path);
  checkConflicts(
    matchExpressions.map(({ scopeName }) => scopeName),
    () => errors.invalid("spec.scopeSelector", { MatchExpressions: asGo(matchExpressions) }, "conflicting scopes"),
  );
}

type Expression = NonNullable<NonNullable<Spec["scopeSelector"]>["matchExpressions"]>[number];

const asGo = (expressions: readonly Expression[]) =>
  expressions.map(({ scopeName, operator, values }) => ({
    ScopeName: scopeName,
    Operator: operator,
    Values: values ?? null,
  }));

function validateExpression(errors: FieldErrors, spec: Spec, expression: Expression, path: string): void {
  const { scopeName, operator, values = [] } = expression;
  const whole = () => ({ MatchExpressions: asGo(spec.scopeSelector?.matchExpressions ?? []) });
  checkScope(spec, scopeName, {
    unknown: () => errors.invalid(`${path}.scopeName`, scopeName, "unsupported scope"),
    misapplied: () => errors.invalid(path, whole(), "unsupported scope applied to resource"),
  });
  if (existOnly.has(scopeName) && operator !== "Exists")
    errors.invalid(
      `${path}.operator`,
      operator,
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
    );
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0)
      errors.required(
        `${path}.values`,
        "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
      );
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0)
      errors.invalid(
        `${path}.values`,
        values,
        "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
      );
  } else errors.invalid(`${path}.operator`, operator, "not a valid selector operator");
}

interface ScopeProblems {
  unknown(): void;
  misapplied(): void;
  conflicting(): void;
}

function checkScopes(spec: Spec, scopes: readonly string[], problems: ScopeProblems): void {
  for (const scope of scopes) checkScope(spec, scope, problems);
  checkConflicts(scopes, () => problems.conflicting());
}

function checkScope({ hard }: Spec, scope: string, problems: Omit<ScopeProblems, "conflicting">): void {
  const limits = limitedBy[scope];
  if (!limits) problems.unknown();
  for (const name of Object.keys(hard ?? {}).sort())
    if (limits && standardResources.has(name) && !limits.has(name)) problems.misapplied();
}

function checkConflicts(scopes: readonly string[], conflicting: () => void): void {
  for (const pair of exclusive) if (pair.every((scope) => scopes.includes(scope))) conflicting();
}

/** The scopes of a quota stay as they are. */
export function validateQuotaUpdate(errors: FieldErrors, quota: ResourceQuota, old: ResourceQuota): void {
  const { scopes } = quota.spec ?? {};
  const [now, before] = [new Set(scopes), new Set(old.spec?.scopes)];
  if (now.size !== before.size || [...now].some((scope) => !before.has(scope)))
    errors.immutable("spec.scopes", scopes ?? null);
}
