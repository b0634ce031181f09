import { z } from "zod";
import { kind } from "../../define-kind.ts";
import { Int64, quantity } from "../../field.ts";
import type { ObjectOf } from "../../kind.ts";

const selector = () => z.record(z.string(), z.string());

const Ebs = z.object({
  deleteOnTermination: z.boolean().optional().describe("Whether the volume goes with its instance."),
  encrypted: z.boolean().optional().describe("Whether the volume is encrypted."),
  iops: Int64.optional().describe("I/O operations per second."),
  kmsKeyID: z.string().optional().describe("The key that encrypts the volume."),
  snapshotID: z.string().optional().describe("The snapshot that the volume starts from."),
  throughput: Int64.optional().describe("MiB/s."),
  volumeSize: quantity().optional().describe("The volume's size."),
  volumeType: z.string().optional().describe("The kind of volume."),
});

export const AwsNodeTemplateSpec = z.object({
  amiFamily: z.string().optional().describe("The family of images; AL2 without."),
  amiSelector: selector()
    .optional()
    .describe("Tags of images; `aws::ids`, `aws::name` and `aws::owners` mean what they say."),
  apiVersion: z.string().optional().describe("Not used."),
  kind: z.string().optional().describe("Not used."),
  blockDeviceMappings: z
    .array(
      z.object({
        deviceName: z.string().optional().describe("The device."),
        ebs: Ebs.optional().describe("The volume."),
      }),
    )
    .optional()
    .describe("The volumes of the instances."),
  context: z.string().optional().describe("A reserved field of the CreateFleet API."),
  detailedMonitoring: z.boolean().optional().describe("Whether CloudWatch gets metrics every minute."),
  instanceProfile: z.string().optional().describe("The instance profile of the nodes."),
  launchTemplate: z.string().optional().describe("A launch template of one's own. Can't be converted."),
  metadataOptions: z
    .object({
      httpEndpoint: z.string().optional().describe("Whether instances can reach the metadata service."),
      httpProtocolIPv6: z.string().optional().describe("Whether the metadata service answers over IPv6."),
      httpPutResponseHopLimit: Int64.optional().describe("How many network hops a token may travel."),
      httpTokens: z.string().optional().describe("Whether tokens must be used."),
    })
    .optional()
    .describe("How the instance metadata service is offered."),
  securityGroupSelector: selector().optional().describe("Tags of security groups; `aws-ids` holds ids."),
  subnetSelector: selector().optional().describe("Tags of subnets; `aws-ids` holds ids."),
  tags: selector().optional().describe("Tags of instances and volumes."),
  userData: z.string().optional().describe("User data; merged with what the family needs."),
});

export const AWSNodeTemplate = kind({
  group: "karpenter.k8s.aws",
  version: "v1alpha1",
  kind: "AWSNodeTemplate",
  categories: ["karpenter"],
  scope: "Cluster",
  summary: "What came before EC2NodeClass. It is read, and acted on as the EC2NodeClass that it stands for.",
  spec: AwsNodeTemplateSpec,
  specOptional: true,
  status: z.object({
    amis: z
      .array(
        z.object({
          id: z.string().describe("The image's id."),
          name: z.string().optional().describe("The image's name."),
          requirements: z
            .array(
              z.object({
                key: z.string().describe("A label of nodes."),
                operator: z.string().describe("How the values are compared."),
                values: z.array(z.string()).optional().describe("The values."),
              }),
            )
            .describe("The instance types that the image is for."),
        }),
      )
      .optional()
      .describe("The machine images that were found."),
    securityGroups: z
      .array(z.object({ id: z.string().describe("The id."), name: z.string().optional().describe("The name.") }))
      .optional()
      .describe("The security groups that were found."),
    subnets: z
      .array(z.object({ id: z.string().describe("The id."), zone: z.string().describe("The zone.") }))
      .optional()
      .describe("The subnets that were found."),
  }),
});
export type AWSNodeTemplate = ObjectOf<typeof AWSNodeTemplate>;
