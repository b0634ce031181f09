export { AutoScalingGroup } from "./auto-scaling-group-kind.ts";
export { CapacityPools, type CapacityRule, type Pool } from "./capacity-pools.ts";
export type { CloudOperation } from "./cloud-calls.ts";
export { ec2CustomResourceDefinitions } from "./custom-resources.ts";
export { defaultEc2Timing, type Ec2Timing } from "./ec2-timing.ts";
export { Instance, interruptAnnotation } from "./instance-kind.ts";
export { SimulatedCloud, type SimulatedCloudOptions } from "./simulated-cloud.ts";
export { Vpc } from "./vpc.ts";
