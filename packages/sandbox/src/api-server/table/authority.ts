import type { CertificateSigningRequest, ClusterRoleBinding, RoleBinding } from "@bellows/api";
import { ageColumn, columnsFormat, nameColumn, text, wide } from "./columns.ts";
import { humanDuration } from "./human-duration.ts";

type Binding = RoleBinding | ClusterRoleBinding;

const subjects = (binding: Binding, kind: string) =>
  (binding.subjects ?? []).filter((subject) => subject.kind === kind);
const namesOf = (binding: Binding, kind: string) =>
  subjects(binding, kind)
    .map(({ name }) => name)
    .join(", ");

/** RoleBindings and ClusterRoleBindings. */
export const bindingFormat = columnsFormat<Binding>([
  nameColumn,
  text("Role", (o) => `${o.roleRef.kind}/${o.roleRef.name}`),
  ageColumn,
  wide("Users", (o) => namesOf(o, "User")),
  wide("Groups", (o) => namesOf(o, "Group")),
  wide("ServiceAccounts", (o) =>
    subjects(o, "ServiceAccount")
      .map(({ namespace = "", name }) => `${namespace}/${name}`)
      .join(", "),
  ),
]);

export const certificateSigningRequestFormat = columnsFormat<CertificateSigningRequest>([
  nameColumn,
  ageColumn,
  text("SignerName", (o) => o.spec?.signerName || "<none>"),
  text("Requestor", (o) => o.spec?.username ?? ""),
  text("RequestedDuration", (o) =>
    o.spec?.expirationSeconds === undefined ? "<none>" : humanDuration(o.spec.expirationSeconds * 1000),
  ),
  text("Condition", requestCondition),
]);

function requestCondition({ status }: CertificateSigningRequest): string {
  const has = (type: string) => status?.conditions?.some((condition) => condition.type === type);
  const decision = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  return `${decision}${has("Failed") ? ",Failed" : ""}${status?.certificate ? ",Issued" : ""}`;
}
