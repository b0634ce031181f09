import { type Defaulter, fillZero, withinAlways, withinEach } from "./fill.ts";

const rbacGroup = "rbac.authorization.k8s.io";

const bindingDefaults: Defaulter = (binding) => {
  const withRole = withinAlways(binding, "roleRef", (role) => fillZero(role, { apiGroup: rbacGroup }));
  return withinEach(withRole, "subjects", (subject) =>
    subject["kind"] === "User" || subject["kind"] === "Group" ? fillZero(subject, { apiGroup: rbacGroup }) : subject,
  );
};

export const rbacDefaults: Readonly<Record<string, Defaulter>> = {
  RoleBinding: bindingDefaults,
  ClusterRoleBinding: bindingDefaults,
};
