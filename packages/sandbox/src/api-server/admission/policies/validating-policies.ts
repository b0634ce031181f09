import { selectorOf } from "@bellows/api";
import { type ApiObject, record } from "../../api-object.ts";
import { celValue } from "../../custom-resources/cel/cel-value.ts";
import { CompileError, compile } from "../../custom-resources/cel/rule.ts";
import { StatusError } from "../../status-error.ts";
import { type AdmissionRequest, type AdmissionWorld, refuse } from "../admission-request.ts";
import { isExempt, requestValue, selects } from "../webhooks/webhook-match.ts";
import type { Binding, Policy } from "./policy.ts";

export const policiesPlace = "admissionregistration.k8s.io/validatingadmissionpolicies";
const bindingsPlace = "admissionregistration.k8s.io/validatingadmissionpolicybindings";

/** The objects that a policy's `paramKind` names, wherever they are kept; undefined where no such kind is served. */
export type FindParams = (
  kind: { readonly apiVersion: string; readonly kind: string },
  namespace: string | undefined,
) => { readonly namespaced: boolean; readonly objects: readonly ApiObject[] } | undefined;

interface Denial {
  readonly message: string;
  readonly reason?: string | undefined;
}

/**
 * Evaluates every ValidatingAdmissionPolicy that is bound and matches, in the order of names (the plug-in
 * ValidatingAdmissionPolicy of apiserver 1.35). Throws what the first denial says; warnings go to the request.
 */
export function validatePolicies(request: AdmissionRequest, world: AdmissionWorld, findParams: FindParams): void {
  if (isExempt(request)) return;
  const bindings = world.list(bindingsPlace) as unknown as readonly Binding[];
  for (const policy of world.list(policiesPlace) as unknown as readonly Policy[]) {
    if (!matches(policy.spec.matchConstraints, request, world)) continue;
    for (const binding of bindings) {
      if (binding.spec?.policyName !== policy.metadata.name) continue;
      const { matchResources } = binding.spec;
      if (matchResources && !matches(matchResources, request, world, true)) continue;
      for (const denial of decide(policy, binding, request, world, findParams)) act(policy, binding, denial, request);
    }
  }
}

function matches(
  constraints: Policy["spec"]["matchConstraints"],
  request: AdmissionRequest,
  world: AdmissionWorld,
  anyResource = false,
): boolean {
  const { resourceRules, excludeResourceRules, namespaceSelector, objectSelector, matchPolicy } = constraints ?? {};
  const all = [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*/*"] }];
  const named = (rules: typeof resourceRules) =>
    (rules ?? []).filter(({ resourceNames }) => !resourceNames?.length || resourceNames.includes(request.name));
  const chosen = (rules: readonly object[]) =>
    selects({ rules, namespaceSelector, objectSelector, matchPolicy } as never, request, world);
  if (excludeResourceRules?.length && chosen(named(excludeResourceRules))) return false;
  return chosen(anyResource && !resourceRules?.length ? all : named(resourceRules));
}

/** What each validation that fails says, for each set of parameters. */
function decide(
  policy: Policy,
  binding: Binding,
  request: AdmissionRequest,
  world: AdmissionWorld,
  findParams: FindParams,
): Denial[] {
  const { spec } = policy;
  const tolerant = spec.failurePolicy === "Ignore";
  const params = paramsOf(policy, binding, request, findParams);
  if (params instanceof Error) return tolerant ? [] : [{ message: `failed to configure binding: ${params.message}` }];
  return params.flatMap((param) => {
    const scope = new Scope(policy, request, world, param);
    for (const { expression } of spec.matchConditions ?? []) {
      const met = scope.evaluate(expression);
      if (met instanceof Error) return tolerant ? [] : [{ message: met.message }];
      if (met === false) return [];
    }
    return (spec.validations ?? []).flatMap((validation): Denial[] => {
      const result = scope.evaluate(validation.expression);
      if (result instanceof Error) return tolerant ? [] : [{ message: result.message }];
      if (result === true) return [];
      const own = validation.messageExpression ? scope.evaluate(validation.messageExpression) : undefined;
      const message =
        typeof own === "string" && own.trim() !== "" && !own.includes("\n")
          ? own.trim()
          : (validation.message?.trim() ?? `failed expression: ${validation.expression.trim()}`);
      return [{ message, reason: validation.reason }];
    });
  });
}

/** The variables of one evaluation. */
class Scope {
  readonly #values: Record<string, unknown>;
  readonly #faults = new Map<string, Error>();

  constructor(policy: Policy, request: AdmissionRequest, world: AdmissionWorld, params: ApiObject | undefined) {
    const { namespace, group, resource } = request;
    const within = namespace === undefined || (group === "" && resource === "namespaces") ? undefined : namespace;
    const variables: Record<string, unknown> = {};
    const value = (object: unknown) => celValue(object ?? null, undefined);
    this.#values = {
      object: value(request.object),
      oldObject: value(request.old),
      request: value(requestValue(request)),
      params: value(params),
      namespaceObject: value(within && world.get("/namespaces", undefined, within)),
      variables,
    };
    for (const { name, expression } of policy.spec.variables ?? []) {
      const result = this.evaluate(expression);
      if (result instanceof Error) this.#faults.set(name, result);
      else variables[name] = result;
    }
  }

  /** What an expression comes to, or an error in the words of the plug-in. */
  evaluate(expression: string): unknown {
    const program = compile(expression, variableTypes);
    if (program instanceof CompileError) return new Error(`compilation error: ${program.message}`);
    try {
      return program.evaluate(this.#values);
    } catch (error) {
      const missing = /^no such key: (\w+)$/.exec((error as Error).message)?.[1] ?? "";
      const fault = this.#faults.get(missing);
      const why = fault
        ? `composited variable ${JSON.stringify(missing)} fails to evaluate: ${fault.message}`
        : (error as Error).message;
      return new Error(`expression '${expression}' resulted in error: ${why}`);
    }
  }
}

const variableTypes = {
  object: "dyn",
  oldObject: "dyn",
  request: "dyn",
  params: "dyn",
  namespaceObject: "dyn",
  variables: "dyn",
};

function paramsOf(
  { spec }: Policy,
  { spec: { paramRef } = {} }: Binding,
  request: AdmissionRequest,
  findParams: FindParams,
): readonly (ApiObject | undefined)[] | Error {
  if (!spec.paramKind || !paramRef) return [undefined];
  const { name, selector, namespace = request.namespace, parameterNotFoundAction } = paramRef;
  const found = findParams(spec.paramKind, namespace);
  if (!found) {
    const { kind, apiVersion } = spec.paramKind;
    return new Error(
      `failed to find resource referenced by paramKind: '${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${kind}'`,
    );
  }
  const wanted = selectorOf(selector ?? {});
  const chosen = found.objects.filter(({ metadata }) =>
    name ? metadata.name === name : selector !== undefined && wanted.matches(metadata.labels ?? {}),
  );
  if (chosen.length > 0) return chosen;
  if (parameterNotFoundAction !== "Deny") return [];
  return new Error("no params found for policy binding with `Deny` parameterNotFoundAction");
}

const codes: Readonly<Record<string, number>> = { Unauthorized: 401, Forbidden: 403, RequestEntityTooLarge: 413 };

function act(
  policy: Policy,
  binding: Binding,
  { message, reason = "Invalid" }: Denial,
  request: AdmissionRequest,
): void {
  const names = `ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}'`;
  const actions = binding.spec?.validationActions ?? [];
  if (actions.includes("Warn")) request.warnings.push(`Validation failed for ${names}: ${message}`);
  if (!actions.includes("Deny")) return;
  const text = `${names} denied request: ${message}`;
  const { status } = refuse(request, text);
  const details = record(status.details);
  throw new StatusError(codes[reason] ?? 422, reason, status.message ?? text, {
    ...details,
    causes: [{ message: text }],
  });
}
