import { kind, type ObjectOf } from "@bellows/api";
import { z } from "zod";
import { LaunchTemplateSpec } from "./launch-template.ts";

export const ec2Group = "ec2.sandbox.bellows.dev";

const instant = () => z.string().meta({ format: "date-time" });

/** An EC2 instance of the sandbox: its name is the instance id. */
export const Instance = kind({
  group: ec2Group,
  version: "v1",
  kind: "Instance",
  shortNames: ["ec2"],
  scope: "Cluster",
  summary: "A simulated EC2 instance. Deleting it terminates it.",
  columns: [
    { name: "State", type: "string", jsonPath: ".status.state" },
    { name: "Type", type: "string", jsonPath: ".spec.instanceType" },
    { name: "Zone", type: "string", jsonPath: ".spec.zone" },
    { name: "Capacity", type: "string", jsonPath: ".spec.capacityType" },
    { name: "Group", type: "string", jsonPath: ".spec.autoScalingGroup" },
    { name: "Node", type: "string", jsonPath: ".spec.privateDnsName" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Reason", type: "string", jsonPath: ".status.stateReason", priority: 1 },
    { name: "Image", type: "string", jsonPath: ".spec.launchTemplate.imageId", priority: 1 },
  ],
  spec: z.object({
    instanceType: z.string().min(1).describe("The instance type."),
    zone: z.string().min(1).describe("The availability zone."),
    subnetId: z.string().min(1).describe("The subnet."),
    capacityType: z.enum(["on-demand", "spot"]).describe("How it is paid for."),
    privateIpAddress: z.string().describe("Its address."),
    privateDnsName: z.string().describe("Its host name, which is the name of its Node."),
    launchTemplate: LaunchTemplateSpec.describe("What it was launched with."),
    autoScalingGroup: z.string().optional().describe("The Auto Scaling group that it belongs to."),
    protectedFromScaleIn: z.boolean().optional().describe("Whether its group leaves it out when it shrinks."),
    tags: z.record(z.string(), z.string()).default({}).describe("Its tags."),
  }),
  status: z.object({
    state: z.enum(["pending", "running", "shutting-down", "terminated"]).describe("Where it is in its life."),
    stateReason: z.string().optional().describe("Why it left."),
    launchedAt: instant().describe("When it was launched."),
    runningAt: instant().optional().describe("When it began to run."),
    shutdownAt: instant().optional().describe("When its termination began."),
    terminatedAt: instant().optional().describe("When it was gone."),
    interruptionAt: instant().optional().describe("When it is taken back, for a spot instance that got notice."),
    lifecycleState: z
      .enum(["Pending", "InService", "Terminating:Wait", "Terminating", "Terminated"])
      .optional()
      .describe("What it is to its Auto Scaling group."),
  }),
});
export type Instance = ObjectOf<typeof Instance>;
export type InstanceStatus = NonNullable<Instance["status"]>;

/** The time at which a spot instance is to get its notice, or `now`; on the object, for `kubectl annotate`. */
export const interruptAnnotation = `${ec2Group}/interrupt`;
