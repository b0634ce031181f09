import type {
  Affinity,
  NodeSelectorTerm,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
  WeightedPodAffinityTerm,
} from "@bellows/api";
import type { FieldErrors } from "./field-errors.ts";
import { dns1123LabelProblems, labelValueProblems, qualifiedNameProblems } from "./formats.ts";
import { validateLabelSelector } from "./label-selector.ts";

const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function validateTolerations(
  errors: FieldErrors,
  tolerations: readonly Toleration[] | undefined,
  path: string,
): void {
  tolerations?.forEach((toleration, index) => {
    const at = `${path}[${index}]`;
    const { key = "", operator = "", value = "", effect = "", tolerationSeconds } = toleration;
    if (key) errors.invalidEach(`${at}.key`, key, qualifiedNameProblems(key));
    else if (operator !== "Exists")
      errors.invalid(
        `${at}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      );
    if (tolerationSeconds !== undefined && effect !== "NoExecute")
      errors.invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
    if (operator === "" || operator === "Equal") {
      const problems = labelValueProblems(value);
      if (problems.length) errors.invalid(`${at}.operator`, value, problems.join(";"));
    } else if (operator === "Exists") {
      if (value) errors.invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'");
    } else {
      const comparison = operator === "Lt" || operator === "Gt";
      errors.notSupported(`${at}.operator`, operator, ["Equal", "Exists", ...(comparison ? ["Lt", "Gt"] : [])]);
    }
    if (effect) errors.oneOf(`${at}.effect`, effect, taintEffects);
  });
}

export function validateTopologySpread(
  errors: FieldErrors,
  constraints: readonly TopologySpreadConstraint[] | undefined,
  path: string,
): void {
  constraints?.forEach((constraint, index) => {
    const at = `${path}[${index}]`;
    const { maxSkew = 0, topologyKey = "", whenUnsatisfiable = "", minDomains } = constraint;
    if (maxSkew <= 0) errors.invalid(`${at}.maxSkew`, maxSkew, "must be greater than zero");
    if (!topologyKey) errors.required(`${at}.topologyKey`, "can not be empty");
    errors.oneOf(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ["DoNotSchedule", "ScheduleAnyway"]);
    const repeated = constraints
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (repeated) errors.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`);
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.invalid(`${at}.minDomains`, minDomains, "must be greater than zero");
      if (whenUnsatisfiable !== "DoNotSchedule")
        errors.invalid(
          `${at}.minDomains`,
          minDomains,
          `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`,
        );
    }
    for (const policy of ["nodeAffinityPolicy", "nodeTaintsPolicy"] as const)
      if (constraint[policy] !== undefined) errors.oneOf(`${at}.${policy}`, constraint[policy], ["Honor", "Ignore"]);
    validateMatchLabelKeys(
      errors,
      constraint.matchLabelKeys,
      constraint.labelSelector !== undefined,
      `${at}.matchLabelKeys`,
    );
    validateLabelSelector(errors, constraint.labelSelector, `${at}.labelSelector`);
  });
}

function validateMatchLabelKeys(
  errors: FieldErrors,
  keys: readonly string[] | undefined,
  hasSelector: boolean,
  path: string,
): void {
  if (!keys?.length) return;
  if (!hasSelector) errors.forbidden(path, "must not be specified when labelSelector is not set");
  keys.forEach((key, index) => {
    errors.invalidEach(`${path}[${index}]`, key, qualifiedNameProblems(key));
  });
}

export function validateAffinity(errors: FieldErrors, affinity: Affinity | undefined, path: string): void {
  const node = affinity?.nodeAffinity;
  if (node) {
    const required = node.requiredDuringSchedulingIgnoredDuringExecution;
    const at = `${path}.nodeAffinity`;
    if (required) {
      const terms = required.nodeSelectorTerms ?? [];
      const termsPath = `${at}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
      if (!terms.length) errors.required(termsPath, "must have at least one node selector term");
      terms.forEach((term, index) => {
        validateNodeSelectorTerm(errors, term, `${termsPath}[${index}]`);
      });
    }
    node.preferredDuringSchedulingIgnoredDuringExecution?.forEach((term, index) => {
      const termPath = `${at}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      validateWeight(errors, term.weight, termPath);
      validateNodeSelectorTerm(errors, term.preference ?? {}, `${termPath}.preference`);
    });
  }
  for (const kind of ["podAffinity", "podAntiAffinity"] as const) {
    const pods = affinity?.[kind];
    pods?.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, index) => {
      validatePodTerm(errors, term, `${path}.${kind}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`);
    });
    pods?.preferredDuringSchedulingIgnoredDuringExecution?.forEach((term: WeightedPodAffinityTerm, index) => {
      const termPath = `${path}.${kind}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      validateWeight(errors, term.weight, termPath);
      validatePodTerm(errors, term.podAffinityTerm ?? { topologyKey: "" }, `${termPath}.podAffinityTerm`);
    });
  }
}

function validateWeight(errors: FieldErrors, weight: number | undefined, path: string): void {
  const given = weight ?? 0;
  if (given <= 0 || given > 100) errors.invalid(`${path}.weight`, given, "must be in the range 1-100");
}

export function validateNodeSelectorTerm(errors: FieldErrors, term: NodeSelectorTerm, path: string): void {
  term.matchExpressions?.forEach((requirement, index) => {
    const at = `${path}.matchExpressions[${index}]`;
    const { key = "", operator = "", values } = requirement;
    validateNodeOperator(errors, operator, values, at);
    errors.invalidEach(`${at}.key`, key, qualifiedNameProblems(key));
    values?.forEach((value, position) => {
      errors.invalidEach(`${at}.values[${position}]`, value, labelValueProblems(value));
    });
  });
  term.matchFields?.forEach((requirement, index) => {
    const at = `${path}.matchFields[${index}]`;
    const { key = "", operator = "", values } = requirement;
    if (operator !== "In" && operator !== "NotIn")
      errors.invalid(`${at}.operator`, operator, "not a valid selector operator");
    else if (values?.length !== 1)
      errors.required(
        `${at}.values`,
        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
      );
    if (key !== "metadata.name") errors.invalid(`${at}.key`, key, "not a valid field selector key");
  });
}

function validateNodeOperator(
  errors: FieldErrors,
  operator: string,
  values: readonly string[] | undefined,
  path: string,
): void {
  switch (operator) {
    case "In":
    case "NotIn":
      if (!values?.length) errors.required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
      break;
    case "Exists":
    case "DoesNotExist":
      if (values?.length)
        errors.forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      break;
    case "Gt":
    case "Lt":
      if (values?.length !== 1)
        errors.required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'");
      break;
    default:
      errors.invalid(`${path}.operator`, operator, "not a valid selector operator");
  }
}

function validatePodTerm(errors: FieldErrors, term: PodAffinityTerm, path: string): void {
  validateLabelSelector(errors, term.labelSelector, `${path}.labelSelector`);
  validateLabelSelector(errors, term.namespaceSelector, `${path}.namespaceSelector`);
  term.namespaces?.forEach((name) => {
    errors.invalidEach(`${path}.namespace`, name, dns1123LabelProblems(name));
  });
  const key = term.topologyKey ?? "";
  if (!key) errors.required(`${path}.topologyKey`, "can not be empty");
  errors.invalidEach(`${path}.topologyKey`, key, qualifiedNameProblems(key));
}
