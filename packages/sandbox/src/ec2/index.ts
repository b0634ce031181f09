export { AutoScalingGroup } from "./auto-scaling-group-kind.ts";
export { ec2CustomResourceDefinitions } from "./custom-resources.ts";
export type { Ec2Timing } from "./ec2-timing.ts";
export { Instance } from "./instance-kind.ts";
export { SimulatedCloud, type SimulatedCloudOptions } from "./simulated-cloud.ts";
