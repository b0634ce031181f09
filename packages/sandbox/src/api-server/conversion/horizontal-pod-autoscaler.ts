import { isObject, type JsonObject } from "../json-value.ts";

/** What v1 has no field for travels in these annotations. */
const annotationPrefix = "autoscaling.alpha.kubernetes.io/";
const metricsKey = `${annotationPrefix}metrics`;
const currentMetricsKey = `${annotationPrefix}current-metrics`;
const conditionsKey = `${annotationPrefix}conditions`;
const behaviorKey = `${annotationPrefix}behavior`;
const roundTripKeys = [metricsKey, currentMetricsKey, conditionsKey, behaviorKey];
const defaultCpuPercent = 80;

/** autoscaling/v2 as autoscaling/v1 shows it: CPU utilization as a field, everything else as annotations. */
export function horizontalPodAutoscalerToV1(hpa: JsonObject): JsonObject {
  const spec = objectOf(hpa["spec"]);
  const status = objectOf(hpa["status"]);
  const metrics = listOf(spec["metrics"]);
  const current = listOf(status["currentMetrics"]);
  const conditions = listOf(status["conditions"]);
  const cpu = metrics.find(isCpuUtilization);
  const others = metrics.filter((metric) => !isCpuUtilization(metric));
  const currentCpu = current
    .filter((metric) => metric["type"] === "Resource" && objectOf(metric["resource"])["name"] === "cpu")
    .map((metric) => objectOf(objectOf(metric["resource"])["current"])["averageUtilization"])
    .findLast((value) => value !== undefined);
  const annotations: JsonObject = {
    ...(others.length && { [metricsKey]: JSON.stringify(others.map(metricToV1)) }),
    ...(current.length && { [currentMetricsKey]: JSON.stringify(current.map(metricStatusToV1)) }),
    ...(isObject(spec["behavior"]) && { [behaviorKey]: JSON.stringify(behaviorToInternal(spec["behavior"])) }),
    ...(conditions.length && { [conditionsKey]: JSON.stringify(conditions) }),
  };
  return {
    ...hpa,
    apiVersion: "autoscaling/v1",
    metadata: withAnnotations(objectOf(hpa["metadata"]), annotations),
    spec: present({
      scaleTargetRef: spec["scaleTargetRef"],
      minReplicas: spec["minReplicas"],
      maxReplicas: spec["maxReplicas"],
      targetCPUUtilizationPercentage: cpu && targetOf(cpu)["averageUtilization"],
    }),
    status: present({
      observedGeneration: status["observedGeneration"],
      lastScaleTime: status["lastScaleTime"],
      currentReplicas: status["currentReplicas"] ?? 0,
      desiredReplicas: status["desiredReplicas"] ?? 0,
      currentCPUUtilizationPercentage: currentCpu,
    }),
  };
}

/** The way back: annotations become fields again, CPU utilization the last metric. */
export function horizontalPodAutoscalerToV2(hpa: JsonObject): JsonObject {
  const spec = objectOf(hpa["spec"]);
  const status = objectOf(hpa["status"]);
  const annotations = objectOf(objectOf(hpa["metadata"])["annotations"]);
  const percent = spec["targetCPUUtilizationPercentage"];
  const metrics = parsedList(annotations[metricsKey]).map(metricToV2);
  if (percent !== undefined) metrics.push(cpuMetric(percent));
  if (!metrics.length) metrics.push(cpuMetric(defaultCpuPercent));
  const currentCpu = status["currentCPUUtilizationPercentage"];
  const current =
    annotations[currentMetricsKey] === undefined
      ? currentCpu === undefined
        ? undefined
        : [{ type: "Resource", resource: { name: "cpu", current: { averageUtilization: currentCpu } } }]
      : parsedList(annotations[currentMetricsKey]).map(metricStatusToV2);
  const behavior = parsed(annotations[behaviorKey]);
  const conditions = parsedList(annotations[conditionsKey]);
  return {
    ...hpa,
    apiVersion: "autoscaling/v2",
    metadata: withAnnotations(objectOf(hpa["metadata"]), {}),
    spec: present({
      scaleTargetRef: spec["scaleTargetRef"],
      minReplicas: spec["minReplicas"],
      maxReplicas: spec["maxReplicas"],
      metrics,
      behavior: isObject(behavior) ? behaviorFromInternal(behavior) : undefined,
    }),
    status: present({
      observedGeneration: status["observedGeneration"],
      lastScaleTime: status["lastScaleTime"],
      currentReplicas: status["currentReplicas"],
      desiredReplicas: status["desiredReplicas"] ?? 0,
      currentMetrics: current,
      conditions: conditions.length ? conditions : undefined,
    }),
  };
}

const cpuMetric = (averageUtilization: unknown): JsonObject => ({
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
});

const isCpuUtilization = (metric: JsonObject): boolean =>
  metric["type"] === "Resource" &&
  objectOf(metric["resource"])["name"] === "cpu" &&
  targetOf(metric)["averageUtilization"] !== undefined;

const targetOf = (metric: JsonObject): JsonObject => objectOf(objectOf(metric["resource"])["target"]);

/** v1 has the parts of a metric and of its target side by side. */
function metricToV1(metric: JsonObject): JsonObject {
  const { type } = metric;
  const source = objectOf(metric[sourceOf(type)]);
  const target = objectOf(source["target"]);
  const identity = objectOf(source["metric"]);
  const { value, averageValue, averageUtilization } = target;
  switch (type) {
    case "Object":
      return {
        type,
        object: present({
          target: source["describedObject"],
          metricName: identity["name"],
          targetValue: value ?? "0",
          selector: identity["selector"],
          averageValue,
        }),
      };
    case "Pods":
      return {
        type,
        pods: present({
          metricName: identity["name"],
          targetAverageValue: averageValue,
          selector: identity["selector"],
        }),
      };
    case "External":
      return {
        type,
        external: present({
          metricName: identity["name"],
          metricSelector: identity["selector"],
          targetValue: value,
          targetAverageValue: averageValue,
        }),
      };
    default:
      return {
        type,
        [sourceOf(type)]: present({
          name: source["name"],
          targetAverageUtilization: averageUtilization,
          targetAverageValue: averageValue,
          container: source["container"],
        }),
      };
  }
}

function metricToV2(metric: JsonObject): JsonObject {
  const { type } = metric;
  const source = objectOf(metric[sourceOf(type)]);
  const averageValue = source["targetAverageValue"] ?? source["averageValue"];
  const value = source["targetValue"];
  const utilization = source["targetAverageUtilization"];
  const target = present({
    type: utilization !== undefined ? "Utilization" : averageValue !== undefined ? "AverageValue" : "Value",
    value: averageValue !== undefined && value === "0" ? undefined : value,
    averageValue,
    averageUtilization: utilization,
  });
  const identity = present({ name: source["metricName"], selector: source["selector"] ?? source["metricSelector"] });
  switch (type) {
    case "Object":
      return { type, object: { describedObject: source["target"], metric: identity, target } };
    case "Pods":
      return { type, pods: { metric: identity, target } };
    case "External":
      return { type, external: { metric: identity, target } };
    default:
      return { type, [sourceOf(type)]: present({ name: source["name"], container: source["container"], target }) };
  }
}

function metricStatusToV1(metric: JsonObject): JsonObject {
  const { type } = metric;
  const source = objectOf(metric[sourceOf(type)]);
  const { value, averageValue, averageUtilization } = objectOf(source["current"]);
  const identity = objectOf(source["metric"]);
  switch (type) {
    case "Object":
      return {
        type,
        object: present({
          target: source["describedObject"],
          metricName: identity["name"],
          currentValue: value ?? "0",
          selector: identity["selector"],
          averageValue,
        }),
      };
    case "Pods":
      return {
        type,
        pods: present({
          metricName: identity["name"],
          currentAverageValue: averageValue,
          selector: identity["selector"],
        }),
      };
    case "External":
      return {
        type,
        external: present({
          metricName: identity["name"],
          metricSelector: identity["selector"],
          currentValue: value ?? "0",
          currentAverageValue: averageValue,
        }),
      };
    default:
      return {
        type,
        [sourceOf(type)]: present({
          name: source["name"],
          currentAverageUtilization: averageUtilization,
          currentAverageValue: averageValue ?? "0",
          container: source["container"],
        }),
      };
  }
}

function metricStatusToV2(metric: JsonObject): JsonObject {
  const { type } = metric;
  const source = objectOf(metric[sourceOf(type)]);
  const current = present({
    value: source["currentValue"],
    averageValue: source["currentAverageValue"] ?? source["averageValue"],
    averageUtilization: source["currentAverageUtilization"],
  });
  const identity = present({ name: source["metricName"], selector: source["selector"] ?? source["metricSelector"] });
  switch (type) {
    case "Object":
      return { type, object: { describedObject: source["target"], metric: identity, current } };
    case "Pods":
      return { type, pods: { metric: identity, current } };
    case "External":
      return { type, external: { metric: identity, current } };
    default:
      return { type, [sourceOf(type)]: present({ name: source["name"], container: source["container"], current }) };
  }
}

/** `ContainerResource` is described by the field `containerResource`. */
const sourceOf = (type: unknown): string => {
  const name = String(type ?? "");
  return name.charAt(0).toLowerCase() + name.slice(1);
};

/** The annotation holds the internal struct, so that its fields begin with capitals. */
function behaviorToInternal(behavior: JsonObject): JsonObject {
  const rules = (given: unknown) =>
    isObject(given)
      ? {
          StabilizationWindowSeconds: given["stabilizationWindowSeconds"] ?? null,
          SelectPolicy: given["selectPolicy"] ?? null,
          Policies: listOf(given["policies"]).map(({ type, value, periodSeconds }) => ({
            Type: type,
            Value: value,
            PeriodSeconds: periodSeconds,
          })),
          Tolerance: given["tolerance"] ?? null,
        }
      : null;
  return { ScaleUp: rules(behavior["scaleUp"]), ScaleDown: rules(behavior["scaleDown"]) };
}

function behaviorFromInternal(behavior: JsonObject): JsonObject | undefined {
  const rules = (given: unknown) =>
    isObject(given)
      ? present({
          stabilizationWindowSeconds: given["StabilizationWindowSeconds"] ?? undefined,
          selectPolicy: given["SelectPolicy"] ?? undefined,
          policies: listOf(given["Policies"]).map((policy) => ({
            type: policy["Type"],
            value: policy["Value"],
            periodSeconds: policy["PeriodSeconds"],
          })),
          tolerance: given["Tolerance"] ?? undefined,
        })
      : undefined;
  const result = present({ scaleUp: rules(behavior["ScaleUp"]), scaleDown: rules(behavior["ScaleDown"]) });
  return Object.keys(result).length ? result : undefined;
}

/** The metadata with other round-trip annotations than it had; without any annotation the field goes too. */
function withAnnotations(metadata: JsonObject, added: JsonObject): JsonObject {
  const { annotations: given, ...rest } = metadata;
  const annotations = { ...objectOf(given) };
  for (const key of roundTripKeys) delete annotations[key];
  Object.assign(annotations, added);
  return Object.keys(annotations).length ? { ...rest, annotations } : rest;
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});
const listOf = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

function parsed(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const parsedList = (text: unknown): JsonObject[] => listOf(parsed(text));

function present(object: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const key in object) if (object[key] !== undefined) result[key] = object[key];
  return result;
}
