import type { Descriptions } from "./descriptions.ts";

const identified = {
  metric: "Which metric.",
  target: "The value that is aimed at.",
};

/** autoscaling/v2 and scheduling. */
export const autoscalingDescriptions: Descriptions = {
  "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler": {
    "": "Sets the replicas of a workload by metrics.",
    spec: "What is scaled, by what, and within which bounds.",
    status: "What was last read and decided.",
  },
  "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec": {
    "": "What is scaled, by what, and within which bounds.",
    behavior:
      "Limits on how fast replicas change. Growing at most to the double or by 4 pods in 15 seconds when left out.",
    maxReplicas: "The most replicas.",
    metrics: "What is scaled by; the one that asks for most replicas decides. 80% of the CPU when left out.",
    minReplicas: "The fewest replicas; 1 when left out.",
    scaleTargetRef: "The workload that is scaled; anything with a scale subresource.",
  },
  "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus": {
    "": "What was last read and decided.",
    conditions: "AbleToScale, ScalingActive and ScalingLimited.",
    currentMetrics: "The values that were last read.",
    currentReplicas: "Replicas that were last seen.",
    desiredReplicas: "Replicas that were last decided.",
    lastScaleTime: "When replicas last changed.",
    observedGeneration: "The generation that this is about.",
  },
  "io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior": {
    "": "Limits on how fast replicas change.",
    scaleDown: "Limits on shrinking. Over the last 300 seconds, the highest recommendation holds when left out.",
    scaleUp: "Limits on growing.",
  },
  "io.k8s.api.autoscaling.v2.HPAScalingRules": {
    "": "Limits in one direction.",
    policies: "Limits on the change within a period.",
    selectPolicy: "Which policy decides where several apply: Max, Min or Disabled.",
    stabilizationWindowSeconds: "For how many seconds earlier recommendations are looked at.",
    tolerance: "How far the metric may be from its target before anything changes.",
  },
  "io.k8s.api.autoscaling.v2.HPAScalingPolicy": {
    "": "A limit on the change within a period.",
    periodSeconds: "Length of the period, at most 1800 seconds.",
    type: "Pods or Percent.",
    value: "How many pods, or which percentage of the replicas.",
  },
  "io.k8s.api.autoscaling.v2.MetricSpec": {
    "": "One metric, and the value of it that is aimed at.",
    containerResource: "A resource of one container in each pod.",
    external: "A metric from outside the cluster.",
    object: "A metric of one object.",
    pods: "A metric of each pod.",
    resource: "A resource of each pod, such as cpu.",
    type: "Which of the others is set: Resource, ContainerResource, Pods, Object or External.",
  },
  "io.k8s.api.autoscaling.v2.ResourceMetricSource": {
    "": "A resource of each pod.",
    name: "The resource.",
    target: "The value that is aimed at.",
  },
  "io.k8s.api.autoscaling.v2.PodsMetricSource": { "": "A metric of each pod.", ...identified },
  "io.k8s.api.autoscaling.v2.ExternalMetricSource": { "": "A metric from outside the cluster.", ...identified },
  "io.k8s.api.autoscaling.v2.ObjectMetricSource": {
    "": "A metric of one object.",
    ...identified,
    describedObject: "The object.",
  },
  "io.k8s.api.autoscaling.v2.MetricTarget": {
    "": "The value that is aimed at.",
    averageUtilization: "With Utilization: percentage of what pods request.",
    averageValue: "With AverageValue: the value for each pod.",
    type: "Utilization, Value or AverageValue.",
    value: "With Value: the value in all.",
  },
  "io.k8s.api.autoscaling.v2.CrossVersionObjectReference": {
    "": "An object in the same namespace.",
    apiVersion: "Group and version of the object.",
    kind: "Kind of the object.",
    name: "Name of the object.",
  },
  "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler": { "": "Sets the replicas of a workload by its use of CPU." },
  "io.k8s.api.autoscaling.v1.Scale": { "": "The replicas of a workload, whatever its kind." },
  "io.k8s.api.autoscaling.v1.ScaleSpec": { "": "The replicas that are wanted.", replicas: "How many." },
  "io.k8s.api.scheduling.v1.PriorityClass": {
    "": "A priority by name.",
    globalDefault: "Whether pods without a class get this one.",
    preemptionPolicy: "Whether pods of lower priority may be removed: PreemptLowerPriority or Never.",
    value: "The priority: the higher, the sooner.",
  },
};
