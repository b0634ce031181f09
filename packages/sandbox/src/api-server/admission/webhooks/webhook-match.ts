import { selectorOf } from "@bellows/api";
import { celValue } from "../../custom-resources/cel/cel-value.ts";
import { CompileError, compile } from "../../custom-resources/cel/rule.ts";
import type { AdmissionRequest, AdmissionWorld } from "../admission-request.ts";
import type { Webhook } from "./webhook.ts";

type Rule = NonNullable<Webhook["rules"]>[number];

/** Configurations of admission itself are never sent to webhooks: one could lock everybody out. */
const exempt: ReadonlySet<string> = new Set([
  "validatingwebhookconfigurations",
  "mutatingwebhookconfigurations",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
  "mutatingadmissionpolicies",
  "mutatingadmissionpolicybindings",
]);

export const isExempt = ({ group, resource }: AdmissionRequest): boolean =>
  group === "admissionregistration.k8s.io" && exempt.has(resource);

/** Whether a request is one that a webhook asks to see, before its match conditions. */
export function selects(webhook: Webhook, request: AdmissionRequest, world: AdmissionWorld): boolean {
  return (
    (webhook.rules ?? []).some((rule) => ruleSelects(rule, request, webhook.matchPolicy !== "Exact")) &&
    namespaceSelected(webhook, request, world) &&
    objectSelected(webhook, request)
  );
}

function ruleSelects(rule: Rule, request: AdmissionRequest, equivalent: boolean): boolean {
  const { operation, group, version, namespace, resource } = request;
  const has = (list: readonly string[] | undefined, value: string) =>
    (list ?? []).some((one) => one === "*" || one === value);
  const { scope = "*" } = rule;
  const namespaced = namespace !== undefined && !(group === "" && resource === "namespaces");
  return (
    has(rule.operations, operation) &&
    has(rule.apiGroups, group) &&
    // Versions of one resource are equivalent: a rule for one of them sees writes in the others.
    (equivalent || has(rule.apiVersions, version)) &&
    (scope === "*" || (scope === "Namespaced") === namespaced) &&
    (rule.resources ?? []).some((pattern) => resourceSelected(pattern, request))
  );
}

// Patterns: `pods`, `pods/status`, `pods/*`, `*` (no subresources), and a star for the resource of a subresource.
function resourceSelected(pattern: string, { resource, subresource }: AdmissionRequest): boolean {
  const [wantedResource, wantedSubresource] = pattern.split("/");
  if (pattern === "*/*") return true;
  const right =
    wantedSubresource === undefined
      ? subresource === undefined
      : wantedSubresource === "*" || wantedSubresource === subresource;
  return right && (wantedResource === "*" || wantedResource === resource);
}

function namespaceSelected({ namespaceSelector }: Webhook, request: AdmissionRequest, world: AdmissionWorld): boolean {
  const { group, resource, namespace, name, object, old } = request;
  const selector = selectorOf(namespaceSelector ?? {});
  if (group === "" && resource === "namespaces") return selector.matches((object ?? old)?.metadata.labels ?? {});
  if (namespace === undefined) return true;
  const found = world.get("/namespaces", undefined, namespace);
  return found ? selector.matches(found.metadata.labels ?? {}) : name !== undefined && selector.matches({});
}

function objectSelected({ objectSelector }: Webhook, { object, old }: AdmissionRequest): boolean {
  const selector = selectorOf(objectSelector ?? {});
  return [object, old].some((one) => one !== undefined && selector.matches(one.metadata.labels ?? {}));
}

/** What the match conditions say: to call, not to call, or that they could not be evaluated. */
export function conditionsMet(webhook: Webhook, request: AdmissionRequest): boolean | Error {
  const variables = {
    object: celValue(request.object ?? null, undefined),
    oldObject: celValue(request.old ?? null, undefined),
    request: celValue(requestValue(request), undefined),
  };
  let fault: Error | undefined;
  for (const { expression } of webhook.matchConditions ?? []) {
    try {
      const program = compile(expression, { object: "dyn", oldObject: "dyn", request: "dyn" });
      if (program instanceof CompileError) throw program;
      if (program.evaluate(variables) === false) return false;
    } catch (error) {
      fault ??= new Error(`expression '${expression}' resulted in error: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  return fault ?? true;
}

/** The request as an AdmissionReview describes it, without the objects. */
export function requestValue(request: AdmissionRequest): Record<string, unknown> {
  const { group, version, kind, resource, subresource, namespace, name, operation, user, dryRun } = request;
  return {
    kind: { group, version, kind },
    resource: { group, version, resource },
    ...(subresource !== undefined && { subResource: subresource }),
    requestKind: { group, version, kind },
    requestResource: { group, version, resource },
    ...(subresource !== undefined && { requestSubResource: subresource }),
    ...(name && { name }),
    ...(namespace !== undefined && { namespace }),
    operation,
    userInfo: {
      username: user.username,
      ...(user.uid && { uid: user.uid }),
      groups: user.groups,
      ...(user.extra && { extra: user.extra }),
    },
    dryRun,
  };
}
