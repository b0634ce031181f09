import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from "@bellows/api";
import { compareQuantities } from "@bellows/api";
import type { FieldErrors } from "./field-errors.ts";
import { dns1123LabelProblems, pathSegmentProblems } from "./formats.ts";
import { validateContainerResourceName } from "./resources.ts";

const maxStabilizationSeconds = 3600;
const maxPeriodSeconds = 1800;
const metricTypes = ["ContainerResource", "External", "Object", "Pods", "Resource"];
/** Alpha feature HPAScaleToZero is off by default: none is kept, but not asked for anew. */
const lowestMinReplicas = (old: HorizontalPodAutoscaler | undefined) => (old?.spec?.minReplicas === 0 ? 0 : 1);

export function validateHorizontalPodAutoscaler(
  errors: FieldErrors,
  hpa: HorizontalPodAutoscaler,
  old?: HorizontalPodAutoscaler,
): void {
  const {
    minReplicas,
    maxReplicas = 0,
    scaleTargetRef,
    metrics,
    behavior,
  } = hpa.spec ?? { maxReplicas: 0, scaleTargetRef: undefined };
  const lowest = lowestMinReplicas(old);
  if (minReplicas !== undefined && minReplicas < lowest)
    errors.invalid("spec.minReplicas", minReplicas, `must be greater than or equal to ${lowest}`);
  if (maxReplicas < 1) errors.invalid("spec.maxReplicas", maxReplicas, "must be greater than 0");
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    errors.invalid("spec.maxReplicas", maxReplicas, "must be greater than or equal to `minReplicas`");
  validateReference(errors, scaleTargetRef, "spec.scaleTargetRef");
  const oldRef = old?.spec?.scaleTargetRef;
  // What was let in by an older version may stay.
  if (!oldRef || oldRef.apiVersion !== scaleTargetRef?.apiVersion || oldRef.kind !== scaleTargetRef?.kind)
    validateVersion(errors, scaleTargetRef, "spec.scaleTargetRef", scaleTargetRef?.kind !== "ReplicationController");
  const hadInvalidVersion = old?.spec?.metrics?.some(
    ({ type, object }) => type === "Object" && object && !isVersion(object.describedObject.apiVersion),
  );
  metrics?.forEach((metric, index) => {
    const path = `spec.metrics[${index}]`;
    validateMetric(errors, metric, path, !hadInvalidVersion);
  });
  if (minReplicas === 0 && !metrics?.some(({ type }) => type === "Object" || type === "External"))
    errors.forbidden(
      "spec.metrics",
      "must specify at least one Object or External metric to support scaling to zero replicas",
    );
  validateRules(errors, behavior?.scaleUp, "spec.behavior.scaleUp");
  validateRules(errors, behavior?.scaleDown, "spec.behavior.scaleDown");
}

export function validateHorizontalPodAutoscalerStatus(errors: FieldErrors, { status }: HorizontalPodAutoscaler): void {
  errors.nonNegative("status.currentReplicas", status?.currentReplicas);
  errors.nonNegative("status.desiredReplicas", status?.desiredReplicas);
}

function validateReference(errors: FieldErrors, ref: CrossVersionObjectReference | undefined, path: string): void {
  for (const field of ["kind", "name"] as const) {
    const value = ref?.[field];
    if (!value) errors.required(`${path}.${field}`);
    else errors.invalidEach(`${path}.${field}`, value, pathSegmentProblems(value));
  }
}

const isVersion = (apiVersion = ""): boolean => apiVersion.split("/").length <= 2;

function validateVersion(
  errors: FieldErrors,
  ref: CrossVersionObjectReference | undefined,
  path: string,
  groupRequired = false,
): void {
  const apiVersion = ref?.apiVersion ?? "";
  if (!isVersion(apiVersion))
    errors.invalid(`${path}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  else if (groupRequired && apiVersion.indexOf("/") < 1)
    errors.invalid(`${path}.apiVersion`, apiVersion, "apiVersion must specify API group");
}

/** The order in which upstream looks for a source. */
const sources = ["object", "external", "pods", "resource", "containerResource"] as const;
const sourceOf: Readonly<Record<string, (typeof sources)[number]>> = {
  Object: "object",
  External: "external",
  Pods: "pods",
  Resource: "resource",
  ContainerResource: "containerResource",
};

function validateMetric(errors: FieldErrors, metric: MetricSpec, path: string, looksAtVersion: boolean): void {
  const { type } = metric;
  if (!type) errors.required(`${path}.type`, "must specify a metric source type");
  if (!metricTypes.includes(type)) errors.notSupported(`${path}.type`, type ?? "", metricTypes);
  const present = sources.filter((source) => metric[source] !== undefined);
  const [first] = present;
  if (first) {
    if (first === "object") validateObject(errors, metric, `${path}.object.describedObject`, looksAtVersion);
    validateSource(errors, metric, first, `${path}.${first}`);
  }
  const expected = sourceOf[type];
  if (expected && metric[expected] === undefined)
    errors.required(`${path}.${expected}`, "must populate information for the given metric source");
  if (present.length !== 1)
    for (const other of present)
      if (other !== expected) errors.forbidden(`${path}.${other}`, "must populate the given metric source only");
  // Upstream checks the type twice.
  if (!metricTypes.includes(type)) errors.notSupported(`${path}.type`, type ?? "", metricTypes);
}

function validateObject(errors: FieldErrors, { object }: MetricSpec, path: string, looksAtVersion: boolean): void {
  validateReference(errors, object?.describedObject, path);
  if (looksAtVersion) validateVersion(errors, object?.describedObject, path);
}

function validateSource(errors: FieldErrors, metric: MetricSpec, source: (typeof sources)[number], path: string): void {
  const target: Partial<MetricTarget> = metric[source]?.target ?? {};
  const { value, averageValue, averageUtilization } = target;
  const at = `${path}.target`;
  if (source === "object" || source === "external" || source === "pods")
    validateIdentifier(errors, metric[source]?.metric, `${path}.metric`);
  if (source === "resource" || source === "containerResource") {
    const name = metric[source]?.name;
    if (!name) errors.required(`${path}.name`, "must specify a resource name");
    else if (source === "containerResource") validateContainerResourceName(errors, name, `${path}.name`);
  }
  if (source === "containerResource") {
    const container = metric.containerResource?.container;
    if (!container) errors.required(`${path}.container`, "must specify a container");
    else errors.invalidEach(`${path}.container`, container, dns1123LabelProblems(container));
  }
  validateTarget(errors, target, at);
  switch (source) {
    case "object":
      if (value === undefined && averageValue === undefined)
        errors.required(`${at}.averageValue`, "must set either a target value or averageValue");
      break;
    case "external":
      if (value === undefined && averageValue === undefined)
        errors.required(`${at}.averageValue`, "must set either a target value for metric or a per-pod target");
      if (value !== undefined && averageValue !== undefined)
        errors.forbidden(`${at}.value`, "may not set both a target value for metric and a per-pod target");
      break;
    case "pods":
      if (averageValue === undefined)
        errors.required(`${at}.averageValue`, "must specify a positive target averageValue");
      break;
    default:
      if (averageUtilization === undefined && averageValue === undefined)
        errors.required(`${at}.averageUtilization`, "must set either a target raw value or a target utilization");
      if (averageUtilization !== undefined && averageValue !== undefined)
        errors.forbidden(`${at}.averageValue`, "may not set both a target raw value and a target utilization");
  }
}

function validateIdentifier(errors: FieldErrors, metric: MetricIdentifier | undefined, path: string): void {
  if (!metric?.name) errors.required(`${path}.name`, "must specify a metric name");
  else errors.invalidEach(`${path}.name`, metric.name, pathSegmentProblems(metric.name));
}

function validateTarget(errors: FieldErrors, target: Partial<MetricTarget>, path: string): void {
  const { type = "", averageUtilization } = target;
  if (!type) errors.required(`${path}.type`, "must specify a metric target type");
  if (!["Utilization", "Value", "AverageValue"].includes(type))
    errors.invalid(`${path}.type`, type, "must be either Utilization, Value, or AverageValue");
  for (const field of ["value", "averageValue"] as const) {
    const amount = target[field];
    if (amount !== undefined && compareQuantities(amount, "0") <= 0)
      errors.invalid(`${path}.${field}`, amount, "must be positive");
  }
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.invalid(`${path}.averageUtilization`, averageUtilization, "must be greater than 0");
}

function validateRules(errors: FieldErrors, rules: HPAScalingRules | undefined, path: string): void {
  if (!rules) return;
  const { stabilizationWindowSeconds: window, selectPolicy, policies, tolerance } = rules;
  if (window !== undefined && window < 0)
    errors.invalid(`${path}.stabilizationWindowSeconds`, window, "must be greater than or equal to zero");
  if (window !== undefined && window > maxStabilizationSeconds)
    errors.invalid(
      `${path}.stabilizationWindowSeconds`,
      window,
      `must be less than or equal to ${maxStabilizationSeconds}`,
    );
  if (selectPolicy !== undefined) errors.oneOf(`${path}.selectPolicy`, selectPolicy, ["Disabled", "Max", "Min"]);
  if (!policies?.length) errors.required(`${path}.policies`, "must specify at least one Policy");
  policies?.forEach(({ type, value, periodSeconds }, index) => {
    const at = `${path}.policies[${index}]`;
    errors.oneOf(`${at}.type`, type, ["Percent", "Pods"]);
    if (!(value > 0)) errors.invalid(`${at}.value`, value ?? 0, "must be greater than zero");
    if (!(periodSeconds > 0)) errors.invalid(`${at}.periodSeconds`, periodSeconds ?? 0, "must be greater than zero");
    if (periodSeconds > maxPeriodSeconds)
      errors.invalid(`${at}.periodSeconds`, periodSeconds, `must be less than or equal to ${maxPeriodSeconds}`);
  });
  if (tolerance?.startsWith("-")) errors.invalid(`${path}.tolerance`, tolerance, "must be greater than or equal to 0");
}
