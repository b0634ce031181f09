export { VerticalPodAutoscaler } from "./vertical-pod-autoscaler.ts";
export { VerticalPodAutoscalerCheckpoint } from "./vertical-pod-autoscaler-checkpoint.ts";
