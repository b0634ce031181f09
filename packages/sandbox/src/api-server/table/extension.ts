import type {
  APIService,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from "@bellows/api";
import { ageColumn, columnsFormat, integer, nameColumn, text } from "./columns.ts";
import { selectorText } from "./selector-cell.ts";

/** Mutating and validating webhook configurations. */
export const webhookConfigurationFormat = columnsFormat<MutatingWebhookConfiguration | ValidatingWebhookConfiguration>([
  nameColumn,
  integer("Webhooks", (o) => o.webhooks?.length ?? 0),
  ageColumn,
]);

export const validatingAdmissionPolicyFormat = columnsFormat<ValidatingAdmissionPolicy>([
  nameColumn,
  integer("Validations", (o) => o.spec?.validations?.length ?? 0),
  text("ParamKind", ({ spec }) =>
    spec?.paramKind ? `${spec.paramKind.apiVersion ?? ""}/${spec.paramKind.kind ?? ""}` : "<unset>",
  ),
  ageColumn,
]);

export const validatingAdmissionPolicyBindingFormat = columnsFormat<ValidatingAdmissionPolicyBinding>([
  nameColumn,
  text("PolicyName", (o) => o.spec?.policyName ?? ""),
  text("ParamRef", ({ spec }) => {
    const reference = spec?.paramRef;
    if (!reference) return "<unset>";
    if (reference.name) return `${reference.namespace || "*"}/${reference.name}`;
    return reference.selector ? selectorText(reference.selector) : "<unset>";
  }),
  ageColumn,
]);

export const apiServiceFormat = columnsFormat<APIService>([
  nameColumn,
  text("Service", (o) =>
    o.spec?.service ? `${o.spec.service.namespace ?? ""}/${o.spec.service.name ?? ""}` : "Local",
  ),
  text("Available", (o) => {
    const available = o.status?.conditions?.find((condition) => condition.type === "Available");
    if (!available) return "Unknown";
    if (available.status === "True" || !available.reason) return available.status;
    return `${available.status} (${available.reason})`;
  }),
  ageColumn,
]);
