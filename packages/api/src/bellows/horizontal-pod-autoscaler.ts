import { z } from "zod";
import type { HorizontalPodAutoscaler, MetricSpec, MetricTarget } from "../builtin/autoscaling-v2.generated.ts";
import { kind } from "../define-kind.ts";
import { Int32, Int64, quantity, rules, timestamp } from "../field.ts";
import type { Kind } from "../kind.ts";

/** A quantity above zero: upstream refuses the others. */
const positiveQuantityPattern =
  /^\+?([0-9]*[1-9][0-9]*(\.[0-9]*)?|[0-9]*\.[0-9]*[1-9][0-9]*)(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?[0-9]+))?$/;

const positiveQuantity = () =>
  z
    .union([
      z.string().regex(positiveQuantityPattern, { error: "a quantity above 0 such as 100m or 1.5Gi" }),
      z.int().min(1),
    ])
    .meta({ "x-kubernetes-int-or-string": true, pattern: positiveQuantityPattern.source, minimum: 1 });

const SelectorRequirement = z.object({
  key: z.string().describe("A label."),
  operator: z.string().describe("How it is compared with the values: In, NotIn, Exists or DoesNotExist."),
  values: z
    .array(z.string())
    .meta({ "x-kubernetes-list-type": "atomic" })
    .optional()
    .describe("What it is compared with; none for Exists and DoesNotExist."),
});

const MetricIdentifier = z.object({
  name: z.string().min(1).describe("The name of the metric."),
  selector: z
    .object({
      matchLabels: z.record(z.string(), z.string()).optional().describe("Labels that it must have."),
      matchExpressions: z
        .array(SelectorRequirement)
        .meta({ "x-kubernetes-list-type": "atomic" })
        .optional()
        .describe("Further things that must hold of its labels."),
    })
    .meta({ "x-kubernetes-map-type": "atomic" })
    .optional()
    .describe("Which of the metrics of that name."),
});

const Target = z
  .object({
    type: z.enum(["Utilization", "Value", "AverageValue"]).describe("Which of the others is meant."),
    value: positiveQuantity().optional().describe("With Value: the value in all."),
    averageValue: positiveQuantity().optional().describe("With AverageValue: the value for each pod."),
    averageUtilization: Int32.min(1).optional().describe("With Utilization: percentage of what pods request."),
  })
  .describe("The value that is aimed at.");

const ofResource = Target.meta(
  rules({
    rule: "has(self.averageUtilization) != has(self.averageValue)",
    message: "must set either a target raw value or a target utilization",
  }),
);
const ofWhole = Target.meta(
  rules({
    rule: "has(self.value) || has(self.averageValue)",
    message: "must set either a target value or averageValue",
  }),
);
const ofExternal = Target.meta(
  rules({
    rule: "has(self.value) != has(self.averageValue)",
    message: "must set either a target value for metric or a per-pod target",
  }),
);
const ofPods = Target.meta(
  rules({ rule: "has(self.averageValue)", message: "must specify a positive target averageValue" }),
);

const ObjectReference = z
  .object({
    apiVersion: z.string().optional().describe("Group and version of the object."),
    kind: z.string().min(1).describe("Kind of the object."),
    name: z.string().min(1).describe("Name of the object."),
  })
  .describe("An object of the same namespace.");

const sourceOf = {
  Resource: "resource",
  ContainerResource: "containerResource",
  Pods: "pods",
  Object: "object",
  External: "external",
} as const;

const Metric = z
  .object({
    type: z.enum(["Resource", "ContainerResource", "Pods", "Object", "External"]).describe("Which source is set."),
    resource: z
      .object({ name: z.string().min(1).describe("The resource."), target: ofResource })
      .optional()
      .describe("A resource of each pod, such as cpu."),
    containerResource: z
      .object({
        name: z.string().min(1).describe("The resource."),
        container: z.string().min(1).describe("The container."),
        target: ofResource,
      })
      .optional()
      .describe("A resource of one container in each pod."),
    pods: z.object({ metric: MetricIdentifier, target: ofPods }).optional().describe("A metric of each pod."),
    object: z
      .object({ describedObject: ObjectReference, metric: MetricIdentifier, target: ofWhole })
      .optional()
      .describe("A metric of one object."),
    external: z
      .object({ metric: MetricIdentifier, target: ofExternal })
      .optional()
      .describe("A metric from outside the cluster."),
  })
  .meta(
    rules(
      ...Object.entries(sourceOf).map(([type, source]) => ({
        rule: `(self.type == '${type}') == has(self.${source})`,
        message: `type ${type} and ${source} go together`,
      })),
    ),
  );

const Policy = z.object({
  type: z.enum(["Pods", "Percent"]).describe("Pods or Percent."),
  value: Int32.min(1).describe("How many pods, or which percentage of the replicas."),
  periodSeconds: Int32.min(1).max(1800).describe("Length of the period."),
});

type Policies = z.output<typeof Policy>[];

const windowSeconds = () =>
  Int32.min(0).max(3600).describe("For how many seconds earlier recommendations are looked at.");

const scalingRules = <W extends z.ZodType>(stabilizationWindowSeconds: W, policies: Policies) =>
  z.object({
    stabilizationWindowSeconds,
    selectPolicy: z
      .enum(["Max", "Min", "Disabled"])
      .default("Max")
      .describe("Which policy decides where several apply; Disabled forbids this direction."),
    policies: z.array(Policy).min(1).max(100).default(policies).describe("Limits on the change within a period."),
    tolerance: quantity().optional().describe("How far the metric may be from its target before anything changes."),
  });

const scaleUpPolicies: Policies = [
  { type: "Pods", value: 4, periodSeconds: 15 },
  { type: "Percent", value: 100, periodSeconds: 15 },
];
const scaleDownPolicies: Policies = [{ type: "Percent", value: 100, periodSeconds: 15 }];

const Behavior = z.object({
  scaleUp: scalingRules(windowSeconds().default(0), scaleUpPolicies)
    .default({ stabilizationWindowSeconds: 0, selectPolicy: "Max", policies: scaleUpPolicies })
    .describe("Limits on growing."),
  scaleDown: scalingRules(windowSeconds().optional(), scaleDownPolicies)
    .default({ selectPolicy: "Max", policies: scaleDownPolicies })
    .describe("Limits on shrinking. The controller's window holds where none is given."),
});

const cpuUtilization = {
  type: "Resource" as const,
  resource: { name: "cpu", target: { type: "Utilization" as const, averageUtilization: 80 } },
};

const Current = z
  .object({
    value: quantity().optional().describe("The value in all."),
    averageValue: quantity().optional().describe("The value of a pod, on average."),
    averageUtilization: Int32.optional().describe("Percentage of what pods request."),
  })
  .describe("What was read.");

const CurrentMetric = z.object({
  type: z.string().describe("Which of the others is set; empty where nothing could be read."),
  resource: z.object({ name: z.string(), current: Current }).optional(),
  containerResource: z.object({ name: z.string(), container: z.string(), current: Current }).optional(),
  pods: z.object({ metric: MetricIdentifier, current: Current }).optional(),
  object: z.object({ describedObject: ObjectReference, metric: MetricIdentifier, current: Current }).optional(),
  external: z.object({ metric: MetricIdentifier, current: Current }).optional(),
});

const Condition = z.object({
  type: z.string().describe("AbleToScale, ScalingActive or ScalingLimited."),
  status: z.string().describe("True or False."),
  reason: z.string().optional().describe("Why, as one word."),
  message: z.string().optional().describe("Why, as a sentence."),
  lastTransitionTime: timestamp().optional().describe("When the status last changed."),
});

/**
 * The twin of autoscaling/v2 HorizontalPodAutoscaler, for clusters whose own controller of that kind can't be switched
 * off: the same spec and status under another group.
 */
export const BellowsHorizontalPodAutoscaler: Kind<HorizontalPodAutoscaler> = kind({
  group: "autoscaling.bellows.dev",
  version: "v2",
  kind: "HorizontalPodAutoscaler",
  // Not hpa: kubectl would have to choose.
  shortNames: ["bhpa"],
  categories: ["bellows"],
  scope: "Namespaced",
  summary: "Sets the replicas of a workload by metrics, as autoscaling/v2 HorizontalPodAutoscaler does.",
  columns: {
    Reference: ".status.reference",
    Targets: ".status.targets",
    MinPods: ".spec.minReplicas",
    MaxPods: ".spec.maxReplicas",
    Replicas: ".status.currentReplicas",
    Age: ".metadata.creationTimestamp",
  },
  spec: z
    .object({
      scaleTargetRef: ObjectReference.meta(
        rules({
          rule: "self.kind == 'ReplicationController' || (has(self.apiVersion) && self.apiVersion.contains('/'))",
          message: "apiVersion must specify API group",
        }),
      ).describe("The workload that is scaled; anything with a scale subresource."),
      minReplicas: Int32.min(0).default(1).describe("The fewest replicas."),
      maxReplicas: Int32.min(1).describe("The most replicas."),
      metrics: z
        .array(Metric)
        .max(100)
        .meta({ "x-kubernetes-list-type": "atomic" })
        .default([cpuUtilization])
        .describe("What is scaled by; the one that asks for most replicas decides."),
      behavior: Behavior.optional().describe("Limits on how fast replicas change."),
    })
    .meta(
      rules(
        {
          rule: "self.minReplicas <= self.maxReplicas",
          message: "maxReplicas must be greater than or equal to `minReplicas`",
        },
        {
          rule: "self.minReplicas > 0 || self.metrics.exists(m, m.type in ['Object', 'External'])",
          message: "must specify at least one Object or External metric to support scaling to zero replicas",
        },
      ),
    ),
  status: z.object({
    observedGeneration: Int64.optional().describe("The generation that this is about."),
    reference: z.string().optional().describe("Kind and name of the target, as the table shows them."),
    targets: z.string().optional().describe("The metrics, each with what is aimed at, as the table shows them."),
    currentReplicas: Int32.optional().describe("Replicas that were last seen."),
    desiredReplicas: Int32.optional().describe("Replicas that were last decided."),
    lastScaleTime: timestamp().optional().describe("When replicas last changed."),
    currentMetrics: z
      .array(CurrentMetric)
      .meta({ "x-kubernetes-list-type": "atomic" })
      .optional()
      .describe("The values that were last read."),
    conditions: z
      .array(Condition)
      .meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] })
      .optional()
      .describe("AbleToScale, ScalingActive and ScalingLimited."),
  }),
}) as unknown as Kind<HorizontalPodAutoscaler>;

/**
 * An object of the twin kind as autoscaling/v2 would return it: amounts as text, and a metric where there is none. The
 * object itself, where it reads like that.
 */
export function asAutoscalingV2(twin: HorizontalPodAutoscaler): HorizontalPodAutoscaler {
  const { spec } = twin;
  if (!spec) return twin;
  const metrics = (spec.metrics?.length ? spec.metrics : [cpuUtilization]).map(withTextAmounts);
  const isSame = metrics.every((metric, index) => metric === spec.metrics?.[index]);
  const { scaleUp, scaleDown } = spec.behavior ?? {};
  const hasNumber = [scaleUp, scaleDown].some((each) => typeof (each?.tolerance as unknown) === "number");
  if (isSame && !hasNumber) return twin;
  const withText = <R extends { tolerance?: string }>(given: R | undefined): R | undefined =>
    given?.tolerance === undefined ? given : { ...given, tolerance: String(given.tolerance) };
  const behavior = spec.behavior && {
    ...(scaleUp && { scaleUp: withText(scaleUp) as typeof scaleUp }),
    ...(scaleDown && { scaleDown: withText(scaleDown) as typeof scaleDown }),
  };
  return { ...twin, spec: { ...spec, metrics, ...(behavior && { behavior }) } };
}

function withTextAmounts(metric: MetricSpec): MetricSpec {
  const source = sourceOf[metric.type as keyof typeof sourceOf];
  const target: MetricTarget | undefined = metric[source]?.target;
  if (!target) return metric;
  const isNumber = (amount: unknown) => typeof amount === "number";
  if (!isNumber(target.value) && !isNumber(target.averageValue)) return metric;
  const text = {
    ...target,
    ...(target.value !== undefined && { value: String(target.value) }),
    ...(target.averageValue !== undefined && { averageValue: String(target.averageValue) }),
  };
  return { ...metric, [source]: { ...metric[source], target: text } };
}
