import { isObject, type JsonObject } from "../json-value.ts";
import { type Defaulter, fill, fillZero, withinAlways } from "./fill.ts";

const defaultCpuPercent = 80;
/** Where v1 keeps metrics other than CPU utilization. */
const metricsAnnotation = "autoscaling.alpha.kubernetes.io/metrics";

const scaleUpRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
/** The window down is not defaulted here: the controller's own setting fills in. */
const scaleDownRules = { selectPolicy: "Max", policies: [{ type: "Percent", value: 100, periodSeconds: 15 }] };

const cpuUtilization = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: defaultCpuPercent } },
};

const v2Spec: Defaulter = (spec) => {
  const filled = fillZero(fill(spec, { minReplicas: 1 }), { metrics: [cpuUtilization] });
  return isObject(filled["behavior"]) ? withinAlways(filled, "behavior", behavior) : filled;
};

/** The metric that v2 falls back to, unless other metrics came along in the annotation that v1 keeps them in. */
const v1Defaults: Defaulter = (hpa) => {
  const { metadata } = hpa;
  const annotations = isObject(metadata) && isObject(metadata["annotations"]) ? metadata["annotations"] : {};
  const cpu = annotations[metricsAnnotation] === undefined ? { targetCPUUtilizationPercentage: defaultCpuPercent } : {};
  return withinAlways(hpa, "spec", (spec) => fill(spec, { minReplicas: 1, ...cpu }));
};

/** Once one direction is given, both are written out. */
const behavior = (given: JsonObject): JsonObject =>
  withinAlways(
    withinAlways(given, "scaleUp", (rules) => fill(rules, scaleUpRules)),
    "scaleDown",
    (rules) => fill(rules, scaleDownRules),
  );

export const autoscalingDefaults: Readonly<Record<string, Readonly<Record<string, Defaulter>>>> = {
  v1: { HorizontalPodAutoscaler: v1Defaults },
  v2: { HorizontalPodAutoscaler: (hpa) => withinAlways(hpa, "spec", v2Spec) },
};
