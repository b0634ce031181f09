import type { ConfigMap, LimitRange, Namespace, Node, ResourceQuota, Secret, Taint } from "@bellows/api";
import { compareQuantities } from "@bellows/api";
import { jsonProblem } from "../json-syntax.ts";
import { equalJson } from "../json-value.ts";
import type { FieldErrors } from "./field-errors.ts";
import { configKeyProblems, labelValueProblems, qualifiedNameProblems } from "./formats.ts";
import { validateQuotaScopes } from "./quota-scopes.ts";
import { isQuotaResource, validateAmount, validateContainerResourceName, validateResourceName } from "./resources.ts";

/** 1 MiB for all values of a Secret or ConfigMap together. */
const maxDataBytes = 1024 * 1024;
const base64Bytes = (text: string): number =>
  (text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);

export function validateConfigMap(errors: FieldErrors, configMap: ConfigMap): void {
  const { data, binaryData } = configMap;
  let bytes = 0;
  for (const key in data) {
    errors.invalidEach(`data[${key}]`, key, configKeyProblems(key));
    if (binaryData && key in binaryData) errors.invalid(`data[${key}]`, key, "duplicate of key present in binaryData");
    bytes += Buffer.byteLength(data[key] as string);
  }
  for (const key in binaryData) {
    errors.invalidEach(`binaryData[${key}]`, key, configKeyProblems(key));
    bytes += base64Bytes(binaryData[key] as string);
  }
  if (bytes > maxDataBytes) errors.tooLong("[]", maxDataBytes);
}

const frozen = "field is immutable when `immutable` is set";

export function validateConfigMapUpdate(errors: FieldErrors, configMap: ConfigMap, old: ConfigMap): void {
  if (!old.immutable) return;
  if (!configMap.immutable) errors.forbidden("immutable", frozen);
  for (const field of ["data", "binaryData"] as const)
    if (!equalJson(configMap[field], old[field])) errors.forbidden(field, frozen);
}

/** Keys that a Secret of a type must have. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  "kubernetes.io/dockercfg": [".dockercfg"],
  "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
  "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  "kubernetes.io/tls": ["tls.crt", "tls.key"],
};
const basicAuth = ["username", "password"];
const accountAnnotation = "kubernetes.io/service-account.name";

/** What the core group asks of an Event: that it is where its object is. */
export function validateSecret(errors: FieldErrors, secret: Secret): void {
  const { data = {}, type = "" } = secret;
  let bytes = 0;
  for (const key in data) {
    errors.invalidEach(`data[${key}]`, key, configKeyProblems(key));
    bytes += base64Bytes(data[key] as string);
  }
  if (bytes > maxDataBytes) errors.tooLong("data", maxDataBytes);
  if (type === "kubernetes.io/service-account-token" && !secret.metadata.annotations?.[accountAnnotation])
    errors.required(`metadata.annotations[${accountAnnotation}]`);
  if (type === "kubernetes.io/basic-auth" && !basicAuth.some((key) => key in data))
    for (const key of basicAuth) errors.required(`data[${key}]`);
  for (const key of requiredKeys[type] ?? []) {
    if (!(key in data)) errors.required(`data[${key}]`);
    else if (type.startsWith("kubernetes.io/dockerc")) {
      const problem = jsonProblem(Buffer.from(data[key] as string, "base64").toString("latin1"));
      if (problem) errors.invalid(`data[${key}]`, "<secret contents redacted>", problem);
    }
  }
}

export function validateSecretUpdate(errors: FieldErrors, secret: Secret, old: Secret): void {
  if (secret.type !== old.type) errors.immutable("type", secret.type ?? "");
  if (!old.immutable) return;
  if (!secret.immutable) errors.forbidden("immutable", frozen);
  if (!equalJson(secret.data, old.data)) errors.forbidden("data", frozen);
}

export function validateNamespaceStatus(errors: FieldErrors, namespace: Namespace): void {
  const phase = namespace.status?.phase ?? "";
  const deleted = namespace.metadata.deletionTimestamp !== undefined;
  const expected = deleted ? "Terminating" : "Active";
  if (phase !== expected)
    errors.invalid(
      "status.Phase",
      phase,
      `may only be '${expected}' if \`deletionTimestamp\` is ${deleted ? "not " : ""}empty`,
    );
}

export function validateNode(errors: FieldErrors, node: Node): void {
  validateTaints(errors, node.spec?.taints, "metadata.taints");
  for (const list of ["capacity", "allocatable"] as const)
    for (const [name, amount] of Object.entries(node.status?.[list] ?? {}))
      validateAmount(errors, name, amount, `status.${list}.${name}`);
}

function validateTaints(errors: FieldErrors, taints: readonly Taint[] | undefined, path: string): void {
  const seen = new Set<string>();
  taints?.forEach((taint, index) => {
    const at = `${path}[${index}]`;
    const { key = "", value = "", effect = "" } = taint;
    errors.invalidEach(`${at}.key`, key, qualifiedNameProblems(key));
    const problems = labelValueProblems(value);
    if (problems.length) errors.invalid(`${at}.value`, value, problems.join(";"));
    if (!effect) errors.required(`${at}.effect`);
    else errors.oneOf(`${at}.effect`, effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    const pair = `${key}/${effect}`;
    if (seen.has(pair))
      errors.duplicate(
        at,
        { Key: key, Value: value, Effect: effect, TimeAdded: taint.timeAdded ?? null },
        "taints must be unique by key and effect pair",
      );
    seen.add(pair);
  });
}

export function validateNodeUpdate(errors: FieldErrors, node: Node, old: Node): void {
  const before = old.spec ?? {};
  const next = node.spec ?? {};
  if (before.providerID && next.providerID !== before.providerID)
    errors.forbidden("spec.providerID", 'node updates may not change providerID except from "" to valid');
  if (before.podCIDRs?.length && !equalJson(next.podCIDRs, before.podCIDRs))
    errors.forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid');
}

function validateQuotaName(errors: FieldErrors, name: string, path: string): void {
  validateResourceName(errors, name, path);
  if (!name.includes("/") && !isQuotaResource(name))
    errors.invalid(path, name, "must be a standard resource for quota");
}

export function validateResourceQuota(errors: FieldErrors, quota: ResourceQuota): void {
  for (const [name, amount] of Object.entries(quota.spec?.hard ?? {})) {
    const path = `spec.hard[${name}]`;
    validateQuotaName(errors, name, path);
    validateAmount(errors, name, amount, path);
  }
  validateQuotaScopes(errors, quota.spec ?? {});
}

const standardTypes = ["Pod", "Container", "PersistentVolumeClaim"];
const amountLists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;

export function validateLimitRange(errors: FieldErrors, range: LimitRange): void {
  const types = new Set<string>();
  range.spec?.limits?.forEach((limit, index) => {
    const at = `spec.limits[${index}]`;
    const {
      type = "",
      min = {},
      max = {},
      default: limits = {},
      defaultRequest: requests = {},
      maxLimitRequestRatio: ratios = {},
    } = limit;
    const problems = qualifiedNameProblems(type);
    errors.invalidEach(`${at}.type`, type, problems);
    if (!problems.length && !type.includes("/") && !standardTypes.includes(type))
      errors.invalid(`${at}.type`, type, "must be a standard limit type or fully qualified");
    if (types.has(type)) errors.duplicate(`${at}.type`, type);
    types.add(type);
    if (type === "Pod")
      for (const field of ["default", "defaultRequest"] as const)
        if (Object.keys(limit[field] ?? {}).length)
          errors.forbidden(`${at}.${field}`, "may not be specified when `type` is 'Pod'");
    for (const list of amountLists) {
      if (type === "Pod" && (list === "default" || list === "defaultRequest")) continue;
      for (const name of Object.keys(limit[list] ?? {})) {
        const path = `${at}.${list}[${name}]`;
        if (type === "Pod" || type === "Container") validateContainerResourceName(errors, name, path);
        else validateResourceName(errors, name, path);
      }
    }
    if (type === "PersistentVolumeClaim" && !("storage" in min) && !("storage" in max))
      errors.required(`${at}.limits`, "either minimum or maximum storage value is required, but neither was provided");
    const names = new Set([max, min, limits, requests, ratios].flatMap((list) => Object.keys(list)));
    for (const name of [...names].sort()) {
      const greater = (a: string | undefined, b: string | undefined) =>
        a !== undefined && b !== undefined && compareQuantities(a, b) > 0;
      const lowest = min[name];
      const highest = max[name];
      const limitAmount = limits[name];
      const request = requests[name];
      if (greater(lowest, highest))
        errors.invalid(`${at}.min[${name}]`, lowest, `min value ${lowest} is greater than max value ${highest}`);
      if (greater(lowest, request))
        errors.invalid(
          `${at}.defaultRequest[${name}]`,
          request,
          `min value ${lowest} is greater than default request value ${request}`,
        );
      if (greater(request, highest))
        errors.invalid(
          `${at}.defaultRequest[${name}]`,
          request,
          `default request value ${request} is greater than max value ${highest}`,
        );
      if (greater(request, limitAmount))
        errors.invalid(
          `${at}.defaultRequest[${name}]`,
          request,
          `default request value ${request} is greater than default limit value ${limitAmount}`,
        );
      if (greater(lowest, limitAmount))
        errors.invalid(
          `${at}.default[${name}]`,
          lowest,
          `min value ${lowest} is greater than default value ${limitAmount}`,
        );
      if (greater(limitAmount, highest))
        errors.invalid(
          `${at}.default[${name}]`,
          highest,
          `default value ${limitAmount} is greater than max value ${highest}`,
        );
      const ratio = ratios[name];
      if (ratio !== undefined && compareQuantities(ratio, "1") < 0)
        errors.invalid(`${at}.maxLimitRequestRatio[${name}]`, ratio, `ratio ${ratio} is less than 1`);
    }
  });
}
