import type { KubernetesObject, PolicyRule, RoleRef, Subject } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import type { FieldErrors } from "./field-errors.ts";
import { dns1123SubdomainProblems, pathSegmentProblems } from "./formats.ts";
import { validateLabelSelector } from "./label-selector.ts";

const group = "rbac.authorization.k8s.io";

export interface RoleLike extends KubernetesObject {
  rules?: PolicyRule[];
  aggregationRule?: { clusterRoleSelectors?: Parameters<typeof validateLabelSelector>[1][] };
}

export function validateRole(errors: FieldErrors, role: RoleLike, namespaced: boolean): void {
  role.rules?.forEach((rule, index) => {
    const path = `rules[${index}]`;
    const { verbs, nonResourceURLs, apiGroups, resources, resourceNames } = rule;
    if (!verbs?.length) errors.required(`${path}.verbs`, "verbs must contain at least one value");
    if (nonResourceURLs?.length) {
      if (namespaced)
        errors.invalid(
          `${path}.nonResourceURLs`,
          nonResourceURLs,
          "namespaced rules cannot apply to non-resource URLs",
        );
      if (apiGroups?.length || resources?.length || resourceNames?.length)
        errors.invalid(
          `${path}.nonResourceURLs`,
          nonResourceURLs,
          "rules cannot apply to both regular resources and non-resource URLs",
        );
      return;
    }
    if (!apiGroups?.length) errors.required(`${path}.apiGroups`, "resource rules must supply at least one api group");
    if (!resources?.length) errors.required(`${path}.resources`, "resource rules must supply at least one resource");
  });
  const { aggregationRule } = role;
  if (!aggregationRule) return;
  const path = "aggregationRule.clusterRoleSelectors";
  if (!aggregationRule.clusterRoleSelectors?.length)
    errors.required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil");
  aggregationRule.clusterRoleSelectors?.forEach((selector, index) => {
    if (!validateLabelSelector(errors, selector, `${path}[${index}]`))
      errors.invalid(`${path}[${index}]`, selector, "invalid label selector.");
  });
}

export interface Binding extends KubernetesObject {
  roleRef?: RoleRef;
  subjects?: Subject[];
}

export function validateBinding(errors: FieldErrors, binding: Binding, namespaced: boolean): void {
  const { apiGroup = "", kind = "", name = "" } = binding.roleRef ?? {};
  if (apiGroup !== group) errors.notSupported("roleRef.apiGroup", apiGroup, [group]);
  errors.oneOf("roleRef.kind", kind, namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"]);
  if (!name) errors.required("roleRef.name");
  else errors.invalidEach("roleRef.name", name, pathSegmentProblems(name));
  binding.subjects?.forEach((subject, index) => {
    validateSubject(errors, subject, namespaced, `subjects[${index}]`);
  });
}

function validateSubject(errors: FieldErrors, subject: Subject, namespaced: boolean, path: string): void {
  const { name, kind = "", apiGroup = "", namespace } = subject;
  if (!name) errors.required(`${path}.name`);
  switch (kind) {
    case "ServiceAccount":
      if (name) errors.invalidEach(`${path}.name`, name, dns1123SubdomainProblems(name));
      if (apiGroup) errors.notSupported(`${path}.apiGroup`, apiGroup, [""]);
      if (!namespaced && !namespace) errors.required(`${path}.namespace`);
      break;
    case "User":
    case "Group":
      if (apiGroup !== group) errors.notSupported(`${path}.apiGroup`, apiGroup, [group]);
      break;
    default:
      errors.notSupported(`${path}.kind`, kind, ["ServiceAccount", "User", "Group"]);
  }
}

export function validateBindingUpdate(errors: FieldErrors, binding: Binding, old: Binding): void {
  const { apiGroup = "", kind = "", name = "" } = binding.roleRef ?? {};
  if (!equalJson(binding.roleRef, old.roleRef))
    errors.invalid("roleRef", { APIGroup: apiGroup, Kind: kind, Name: name }, "cannot change roleRef");
}
