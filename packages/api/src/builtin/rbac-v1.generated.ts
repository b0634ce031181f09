// Generated from openapi.generated.json by generate-builtin.ts. Do not edit: change the generator, then run
//   node packages/api/src/builtin/generate-builtin.ts

import type { Kind, ObjectMeta } from "../kind.ts";
import { builtinKind } from "./builtin-kind.ts";
import type { LabelSelector } from "./meta-v1.generated.ts";

export interface AggregationRule {
  clusterRoleSelectors?: LabelSelector[];
}

/** rbac.authorization.k8s.io/v1 ClusterRole. */
export interface ClusterRole {
  aggregationRule?: AggregationRule;
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  rules?: PolicyRule[];
}

export const ClusterRole: Kind<ClusterRole> = builtinKind({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRole",
  plural: "clusterroles",
  singular: "clusterrole",
  scope: "Cluster",
  definition: "io.k8s.api.rbac.v1.ClusterRole",
});

/** rbac.authorization.k8s.io/v1 ClusterRoleBinding. */
export interface ClusterRoleBinding {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  roleRef: RoleRef;
  subjects?: Subject[];
}

export const ClusterRoleBinding: Kind<ClusterRoleBinding> = builtinKind({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRoleBinding",
  plural: "clusterrolebindings",
  singular: "clusterrolebinding",
  scope: "Cluster",
  definition: "io.k8s.api.rbac.v1.ClusterRoleBinding",
});

export interface PolicyRule {
  apiGroups?: string[];
  nonResourceURLs?: string[];
  resourceNames?: string[];
  resources?: string[];
  verbs: string[];
}

/** rbac.authorization.k8s.io/v1 Role. */
export interface Role {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  rules?: PolicyRule[];
}

export const Role: Kind<Role> = builtinKind({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "Role",
  plural: "roles",
  singular: "role",
  scope: "Namespaced",
  definition: "io.k8s.api.rbac.v1.Role",
});

/** rbac.authorization.k8s.io/v1 RoleBinding. */
export interface RoleBinding {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  roleRef: RoleRef;
  subjects?: Subject[];
}

export const RoleBinding: Kind<RoleBinding> = builtinKind({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "RoleBinding",
  plural: "rolebindings",
  singular: "rolebinding",
  scope: "Namespaced",
  definition: "io.k8s.api.rbac.v1.RoleBinding",
});

export interface RoleRef {
  apiGroup: string;
  kind: string;
  name: string;
}

export interface Subject {
  apiGroup?: string;
  kind: string;
  name: string;
  namespace?: string;
}
