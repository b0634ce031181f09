import { type CrdObject, crdOf } from "@bellows/api";
import { AutoScalingGroup } from "./auto-scaling-group-kind.ts";
import { Instance } from "./instance-kind.ts";

/** The CustomResourceDefinitions that simulated EC2 keeps its state in; they are there before anything else starts. */
export const ec2CustomResourceDefinitions = (): readonly CrdObject[] => [crdOf([AutoScalingGroup]), crdOf([Instance])];
