import { z } from "zod";

/** A launch template's contents, as the objects of the sandbox keep them. */
export const LaunchTemplateSpec = z.object({
  imageId: z.string().default("").describe("The AMI."),
  userData: z
    .string()
    .default("")
    .describe("What the instance runs at its start, as text; labels and taints are read from it."),
  instanceProfile: z.string().default("").describe("The IAM instance profile."),
  securityGroupIds: z.array(z.string()).default([]).describe("Security groups, by id."),
  tenancy: z.enum(["default", "dedicated"]).default("default").describe("Whose hardware it runs on."),
  volumeSize: z.string().optional().describe("The size of the volume that pods use, as a quantity."),
});
export type LaunchTemplateSpec = z.output<typeof LaunchTemplateSpec>;
