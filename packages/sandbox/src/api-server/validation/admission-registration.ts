import { CompileError, compile } from "../custom-resources/cel/rule.ts";
import type { FieldErrors } from "./field-errors.ts";
import { subdomainName } from "./metadata.ts";

// biome-ignore lint/suspicious/noExplicitAny: configurations of admission, which have no types here.
type Loose = any;

const variables = Object.fromEntries(
  ["object", "oldObject", "request", "params", "namespaceObject", "variables", "authorizer"].map((name) => [
    name,
    "dyn",
  ]),
);

/** ValidatingAdmissionPolicy: what is missing, and expressions that do not compile or are no booleans. */
export function validateAdmissionPolicy(errors: FieldErrors, { spec = {} }: Loose): void {
  const { matchConstraints, validations = [], auditAnnotations = [], failurePolicy, matchConditions = [] } = spec;
  if (failurePolicy !== undefined) errors.oneOf("spec.failurePolicy", failurePolicy, ["Fail", "Ignore"]);
  for (const [at, { expression }] of matchConditions.entries())
    checkBoolean(errors, expression, `spec.matchConditions[${at}].expression`);
  if (!matchConstraints) errors.required("spec.matchConstraints");
  else if (!matchConstraints.resourceRules?.length) errors.required("spec.matchConstraints.resourceRules");
  if (validations.length === 0 && auditAnnotations.length === 0)
    for (const field of ["validations", "auditAnnotations"])
      errors.required(`spec.${field}`, "validations or auditAnnotations must contain at least one item");
  for (const [at, { expression }] of validations.entries())
    checkBoolean(errors, expression, `spec.validations[${at}].expression`);
}

function checkBoolean(errors: FieldErrors, expression: string, path: string): void {
  if (!expression?.trim()) return errors.required(path, "expression is not specified");
  const program = compile(expression, variables);
  if (program instanceof CompileError) return errors.invalid(path, expression, program.message);
  if (program.type !== "bool" && program.type !== "dyn")
    errors.invalid(path, expression, `must evaluate to bool but got ${program.type}`);
}

export function validateAdmissionPolicyBinding(errors: FieldErrors, { spec = {} }: Loose): void {
  if (!spec.policyName) errors.required("spec.policyName");
  if (!spec.validationActions?.length)
    errors.required("spec.validationActions", "at least one validation action is required");
}

/** ValidatingWebhookConfiguration and MutatingWebhookConfiguration. */
export function validateWebhookConfiguration(errors: FieldErrors, { webhooks = [] }: Loose): void {
  for (const [at, webhook] of webhooks.entries()) validateWebhook(errors, webhook, `webhooks[${at}]`);
}

function validateWebhook(errors: FieldErrors, webhook: Loose, path: string): void {
  const { name = "", admissionReviewVersions = [], clientConfig = {}, rules = [] } = webhook;
  const problems = subdomainName(name, false);
  errors.invalidEach(`${path}.name`, name, problems);
  if (problems.length === 0 && name.split(".").length < 3)
    errors.invalid(`${path}.name`, name, "should be a domain with at least three segments separated by dots");
  if (admissionReviewVersions.length === 0)
    errors.required(`${path}.admissionReviewVersions`, "must specify one of v1, v1beta1");
  else if (!admissionReviewVersions.some((one: string) => one === "v1" || one === "v1beta1"))
    errors.invalid(
      `${path}.admissionReviewVersions`,
      admissionReviewVersions,
      "must include at least one of v1, v1beta1",
    );
  for (const [at, rule] of rules.entries()) validateRule(errors, rule, `${path}.rules[${at}]`);
  if (webhook.failurePolicy !== undefined)
    errors.oneOf(`${path}.failurePolicy`, webhook.failurePolicy, ["Fail", "Ignore"]);
  errors.oneOf(`${path}.sideEffects`, webhook.sideEffects, ["None", "NoneOnDryRun"]);
  const { timeoutSeconds } = webhook;
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1))
    errors.invalid(`${path}.timeoutSeconds`, timeoutSeconds, "the timeout value must be between 1 and 30 seconds");
  const { url, service } = clientConfig;
  if ((url === undefined) === (service === undefined))
    errors.required(`${path}.clientConfig`, "exactly one of url or service is required");
  else if (url !== undefined && !url.startsWith("https://"))
    errors.invalid(
      `${path}.clientConfig.url`,
      url.split(":")[0],
      "'https' is the only allowed URL scheme; desired format: https://host[/path]",
    );
}

function validateRule(errors: FieldErrors, rule: Loose, path: string): void {
  for (const field of ["apiGroups", "apiVersions", "operations", "resources"]) {
    const list: string[] = rule[field] ?? [];
    if (list.length === 0) errors.required(`${path}.${field}`);
    else if (field !== "resources" && list.length > 1 && list.includes("*"))
      errors.invalid(`${path}.${field}`, list, `if '*' is present, must not specify other ${nouns[field]}`);
  }
}

const nouns: Readonly<Record<string, string>> = {
  apiGroups: "API groups",
  apiVersions: "API versions",
  operations: "operations",
};
