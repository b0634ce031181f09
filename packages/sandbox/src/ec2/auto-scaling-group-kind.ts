import { kind, type ObjectOf } from "@bellows/api";
import { z } from "zod";
import { ec2Group } from "./instance-kind.ts";
import { LaunchTemplateSpec } from "./launch-template.ts";

const size = () => z.int32().min(0);

const Activity = z.object({
  id: z.string().describe("Its id."),
  startedAt: z.string().meta({ format: "date-time" }).describe("When it began."),
  endedAt: z.string().meta({ format: "date-time" }).optional().describe("When it ended."),
  statusCode: z.enum(["InProgress", "Successful", "Failed"]).describe("How it went."),
  statusMessage: z.string().optional().describe("Why it failed."),
  description: z.string().describe("What was done."),
  cause: z.string().describe("Why."),
});

const Member = z.object({
  id: z.string().describe("The instance."),
  zone: z.string().describe("Its zone."),
  lifecycleState: z.string().describe("What it is to the group."),
});

/** An EC2 Auto Scaling group of the sandbox, as an EKS managed node group makes it. */
export const AutoScalingGroup = kind({
  group: ec2Group,
  version: "v1",
  kind: "AutoScalingGroup",
  shortNames: ["asg"],
  scope: "Cluster",
  summary: "A simulated EC2 Auto Scaling group. `kubectl scale asg/NAME --replicas=N` sets its desired capacity.",
  columns: {
    Min: ".spec.minSize",
    Max: ".spec.maxSize",
    Desired: ".spec.desiredCapacity",
    "In Service": ".status.inService",
    Instances: ".status.replicas",
    Capacity: ".spec.capacityType",
    Age: ".metadata.creationTimestamp",
  },
  spec: z
    .object({
      minSize: size().describe("The fewest instances."),
      maxSize: size().describe("The most instances."),
      desiredCapacity: size().describe("How many there are to be."),
      instanceTypes: z.array(z.string().min(1)).min(1).describe("Instance types, the preferred one first."),
      capacityType: z.enum(["on-demand", "spot"]).default("on-demand").describe("How instances are paid for."),
      subnetIds: z.array(z.string()).default([]).describe("Subnets; every subnet of the cluster without."),
      launchTemplate: LaunchTemplateSpec.default(LaunchTemplateSpec.parse({})).describe(
        "What instances are launched with.",
      ),
      nodeGroup: z
        .string()
        .optional()
        .describe("The EKS managed node group that the group is part of: nodes are drained first."),
      labels: z.record(z.string(), z.string()).default({}).describe("Labels of its nodes."),
      taints: z
        .array(
          z.object({
            key: z.string().describe("The key."),
            value: z.string().optional().describe("The value."),
            effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).describe("What it does."),
          }),
        )
        .default([])
        .describe("Taints of its nodes."),
      tags: z.record(z.string(), z.string()).default({}).describe("Its tags; instances get them too."),
      suspendedProcesses: z
        .array(z.string())
        .default([])
        .describe("Processes that are suspended: Launch, Terminate, ReplaceUnhealthy."),
    })
    .meta({
      "x-kubernetes-validations": [
        { rule: "self.minSize <= self.maxSize", message: "Min size must be less than or equal to max size" },
        {
          rule: "self.desiredCapacity >= self.minSize && self.desiredCapacity <= self.maxSize",
          message: "Desired capacity must be between the min and the max size of the group",
        },
      ],
    }),
  status: z.object({
    replicas: size().default(0).describe("Instances that have not been told to leave."),
    inService: size().default(0).describe("Instances that run."),
    instances: z.array(Member).default([]).describe("All of its instances."),
    activities: z.array(Activity).default([]).describe("What it did last, the newest first."),
  }),
  scale: { specReplicasPath: ".spec.desiredCapacity", statusReplicasPath: ".status.replicas" },
});
export type AutoScalingGroup = ObjectOf<typeof AutoScalingGroup>;
export type AutoScalingGroupStatus = NonNullable<AutoScalingGroup["status"]>;
export type GroupActivity = AutoScalingGroupStatus["activities"][number];
