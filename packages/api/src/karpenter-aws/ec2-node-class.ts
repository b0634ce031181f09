import { z } from "zod";
import { kind } from "../define-kind.ts";
import { plainConditions, timestamp } from "../field.ts";
import type { ObjectOf } from "../kind.ts";
import { Ec2NodeClassSpec } from "./ec2-node-class-spec.ts";

const Ami = z.object({
  id: z.string().describe("The image's id."),
  name: z.string().optional().describe("The image's name."),
  deprecated: z.boolean().optional().describe("Whether the image is deprecated."),
  requirements: z
    .array(
      z.object({
        key: z.string().describe("A label of nodes."),
        operator: z.string().describe("How the values are compared."),
        values: z.array(z.string()).meta({ "x-kubernetes-list-type": "atomic" }).optional().describe("The values."),
      }),
    )
    .describe("The instance types that the image is for."),
});

const CapacityReservation = z.object({
  id: z
    .string()
    .regex(/^cr-[0-9a-z]+$/)
    .describe("The reservation's id."),
  ownerID: z
    .string()
    .regex(/^[0-9]{12}$/)
    .describe("The account that owns it."),
  instanceType: z.string().describe("The instance type it is for."),
  availabilityZone: z.string().describe("The zone it is in."),
  instanceMatchCriteria: z.enum(["open", "targeted"]).describe("Whether it takes any fitting instance."),
  interruptible: z.boolean().optional().describe("Whether its instances may be taken back."),
  reservationType: z.enum(["default", "capacity-block"]).default("default").describe("The kind of reservation."),
  state: z.enum(["active", "expiring"]).default("active").describe("Whether it is about to end."),
  endTime: timestamp().optional().describe("When it ends."),
});

export const Ec2NodeClassStatus = z.object({
  subnets: z
    .array(
      z.object({
        id: z.string().describe("The subnet's id."),
        zone: z.string().describe("Its zone."),
        zoneID: z.string().optional().describe("Its zone's id."),
      }),
    )
    .optional()
    .describe("The subnets that the terms found."),
  securityGroups: z
    .array(
      z.object({
        id: z.string().describe("The security group's id."),
        name: z.string().optional().describe("Its name."),
      }),
    )
    .optional()
    .describe("The security groups that the terms found."),
  amis: z.array(Ami).optional().describe("The machine images that the terms found."),
  capacityReservations: z.array(CapacityReservation).optional().describe("The reservations that the terms found."),
  instanceProfile: z.string().optional().describe("The instance profile of the nodes."),
  conditions: plainConditions().optional(),
});

export const EC2NodeClass = kind({
  group: "karpenter.k8s.aws",
  version: "v1",
  kind: "EC2NodeClass",
  shortNames: ["ec2nc", "ec2ncs"],
  categories: ["karpenter"],
  scope: "Cluster",
  summary: "How instances are launched on EC2: where, from which image, as whom.",
  columns: [
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Role", type: "string", jsonPath: ".spec.role", priority: 1 },
  ],
  spec: Ec2NodeClassSpec,
  specOptional: true,
  status: Ec2NodeClassStatus,
});
export type EC2NodeClass = ObjectOf<typeof EC2NodeClass>;
