import type { Lease, PodDisruptionBudget, PriorityClass } from "@bellows/api";
import type { FieldErrors } from "./field-errors.ts";
import { validateAtMost100Percent, validateIntOrPercent } from "./int-or-percent.ts";
import { validateLabelSelector } from "./label-selector.ts";

export function validatePodDisruptionBudget(errors: FieldErrors, budget: PodDisruptionBudget): void {
  const spec = budget.spec ?? {};
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: eviction } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined)
    errors.invalid(
      "spec",
      {
        MinAvailable: minAvailable,
        Selector: selector ?? null,
        MaxUnavailable: maxUnavailable,
        UnhealthyPodEvictionPolicy: eviction ?? null,
      },
      "minAvailable and maxUnavailable cannot be both set",
    );
  for (const field of ["minAvailable", "maxUnavailable"] as const) {
    validateIntOrPercent(errors, spec[field], `spec.${field}`);
    validateAtMost100Percent(errors, spec[field], `spec.${field}`);
  }
  validateLabelSelector(errors, selector, "spec.selector");
  if (eviction !== undefined)
    errors.oneOf("spec.unhealthyPodEvictionPolicy", eviction, ["AlwaysAllow", "IfHealthyBudget"]);
}

/** What users may give; the system's own classes lie above. */
const highestUserPriority = 1_000_000_000;
const systemClasses: Readonly<Record<string, number>> = {
  "system-cluster-critical": 2_000_000_000,
  "system-node-critical": 2_000_001_000,
};

export function validatePriorityClass(errors: FieldErrors, priorityClass: PriorityClass): void {
  const { metadata, value = 0, preemptionPolicy, globalDefault } = priorityClass;
  const { name = "" } = metadata;
  if (name.startsWith("system-")) {
    const reserved = `priority class names with 'system-' prefix are reserved for system use only. error: `;
    const known = systemClasses[name];
    if (known === undefined)
      errors.forbidden("metadata.name", `${reserved}${name} is not a known system priority class`);
    else if (known !== value)
      errors.forbidden("metadata.name", `${reserved}value of ${name} PriorityClass must be ${known}`);
    else if (globalDefault)
      errors.forbidden("metadata.name", `${reserved}globalDefault of ${name} PriorityClass must be false`);
  } else if (value > highestUserPriority)
    errors.forbidden("value", `maximum allowed value of a user defined priority is ${highestUserPriority}`);
  if (preemptionPolicy !== undefined)
    errors.oneOf("preemptionPolicy", preemptionPolicy, ["PreemptLowerPriority", "Never"]);
}

export function validatePriorityClassUpdate(
  errors: FieldErrors,
  priorityClass: PriorityClass,
  old: PriorityClass,
): void {
  if ((priorityClass.value ?? 0) !== (old.value ?? 0)) errors.forbidden("value", "may not be changed in an update.");
  if (priorityClass.preemptionPolicy !== old.preemptionPolicy)
    errors.immutable("preemptionPolicy", priorityClass.preemptionPolicy ?? null);
}

export function validateLease(errors: FieldErrors, lease: Lease): void {
  const { leaseDurationSeconds, leaseTransitions } = lease.spec ?? {};
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0)
    errors.invalid("spec.leaseDurationSeconds", leaseDurationSeconds, "must be greater than 0");
  errors.nonNegative("spec.leaseTransitions", leaseTransitions);
}
