import { z } from "zod";
import { kind } from "../../define-kind.ts";
import { Int64, plainConditions, rules } from "../../field.ts";
import type { ObjectOf } from "../../kind.ts";
import { ebsFields, needsSize, onlyOneRoot, volumeSize } from "../block-device.ts";
import { selectorTags } from "../selector-term.ts";

const maxTerms = 30;
const exclusive = (field: string, list: string, others: string) => ({
  message: `'${field}' is mutually exclusive, cannot be set with a combination of other fields in ${list}`,
  rule: `!self.all(x, has(x.${field}) && ${others})`,
});
const notEmpty = (field: string) => ({ message: `${field} cannot be empty`, rule: "self.size() != 0" });
const atLeastOne = (...fields: string[]) => ({
  message: `expected at least one, got none, [${fields.map((field) => `'${field}'`).join(", ")}]`,
  rule: `self.all(x, ${fields.map((field) => `has(x.${field})`).join(" || ")})`,
});

const AmiTerms = z
  .array(
    z.object({
      id: z
        .string()
        .regex(/ami-[0-9a-z]+/)
        .optional()
        .describe("The image's id."),
      name: z.string().optional().describe("The image's name."),
      owner: z.string().optional().describe("Who owns the image."),
      tags: selectorTags().optional(),
    }),
  )
  .max(maxTerms)
  .meta(
    rules(
      atLeastOne("tags", "id", "name"),
      exclusive("id", "amiSelectorTerms", "(has(x.tags) || has(x.name) || has(x.owner))"),
    ),
  );

const SecurityGroupTerms = z
  .array(
    z.object({
      id: z
        .string()
        .regex(/sg-[0-9a-z]+/)
        .optional()
        .describe("The security group's id."),
      name: z.string().optional().describe("The security group's name."),
      tags: selectorTags().optional(),
    }),
  )
  .max(maxTerms)
  .meta(
    rules(
      notEmpty("securityGroupSelectorTerms"),
      atLeastOne("tags", "id", "name"),
      exclusive("id", "securityGroupSelectorTerms", "(has(x.tags) || has(x.name))"),
      exclusive("name", "securityGroupSelectorTerms", "(has(x.tags) || has(x.id))"),
    ),
  );

const SubnetTerms = z
  .array(
    z.object({
      id: z
        .string()
        .regex(/subnet-[0-9a-z]+/)
        .optional()
        .describe("The subnet's id."),
      tags: selectorTags().optional(),
    }),
  )
  .max(maxTerms)
  .meta(
    rules(
      notEmpty("subnetSelectorTerms"),
      atLeastOne("tags", "id"),
      exclusive("id", "subnetSelectorTerms", "has(x.tags)"),
    ),
  );

const BlockDeviceMappings = z
  .array(
    z.object({
      deviceName: z.string().optional().describe("The device."),
      ebs: z
        .object({ ...ebsFields, volumeSize })
        .meta(rules(needsSize))
        .optional()
        .describe("The volume."),
      rootVolume: z.boolean().optional().describe("Whether this is the volume of the kubelet's storage."),
    }),
  )
  .max(50)
  .meta(rules(onlyOneRoot));

const OnOff = z.enum(["enabled", "disabled"]);
const MetadataOptions = z.object({
  httpEndpoint: OnOff.default("enabled").describe("Whether instances can reach the metadata service."),
  httpProtocolIPv6: OnOff.default("disabled").describe("Whether the metadata service answers over IPv6."),
  httpPutResponseHopLimit: Int64.min(1).max(64).default(2).describe("How many network hops a token may travel."),
  httpTokens: z.enum(["required", "optional"]).default("required").describe("Whether tokens must be used."),
});

const restrictedTag = (name: string, rule: string) => ({
  message: `tag contains a restricted tag matching ${name}`,
  rule,
});
const Tags = z
  .record(z.string(), z.string())
  .meta(
    rules(
      { message: "empty tag keys aren't supported", rule: "self.all(k, k != '')" },
      restrictedTag("kubernetes.io/cluster/", "self.all(k, !k.startsWith('kubernetes.io/cluster') )"),
      restrictedTag("karpenter.sh/nodepool", "self.all(k, k != 'karpenter.sh/nodepool')"),
      restrictedTag("karpenter.sh/managed-by", "self.all(k, k !='karpenter.sh/managed-by')"),
      restrictedTag("karpenter.sh/nodeclaim", "self.all(k, k !='karpenter.sh/nodeclaim')"),
      restrictedTag("karpenter.k8s.aws/ec2nodeclass", "self.all(k, k !='karpenter.k8s.aws/ec2nodeclass')"),
    ),
  );

const Status = z.object({
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
              values: z
                .array(z.string())
                .meta({ "x-kubernetes-list-type": "atomic" })
                .optional()
                .describe("The values."),
            }),
          )
          .describe("The instance types that the image is for."),
      }),
    )
    .optional()
    .describe("The machine images that were found."),
  conditions: plainConditions().optional(),
  instanceProfile: z.string().optional().describe("The instance profile of the nodes."),
  securityGroups: z
    .array(z.object({ id: z.string().describe("The id."), name: z.string().optional().describe("The name.") }))
    .optional()
    .describe("The security groups that were found."),
  subnets: z
    .array(
      z.object({
        id: z.string().describe("The id."),
        zone: z.string().describe("The zone."),
        zoneID: z.string().optional().describe("The zone's id."),
      }),
    )
    .optional()
    .describe("The subnets that were found."),
});

export const EC2NodeClassV1Beta1 = kind({
  group: "karpenter.k8s.aws",
  version: "v1beta1",
  kind: "EC2NodeClass",
  shortNames: ["ec2nc", "ec2ncs"],
  categories: ["karpenter"],
  scope: "Cluster",
  summary: "How instances are launched on EC2: where, from which image, as whom.",
  spec: z
    .object({
      amiFamily: z
        .enum(["AL2", "AL2023", "Bottlerocket", "Ubuntu", "Custom", "Windows2019", "Windows2022"])
        .describe("What user data, block devices and images are made for."),
      amiSelectorTerms: AmiTerms.optional().describe("Machine images to launch from; the family's newest without."),
      associatePublicIPAddress: z.boolean().optional().describe("Whether instances get a public address."),
      blockDeviceMappings: BlockDeviceMappings.optional().describe("The volumes of the instances."),
      context: z.string().optional().describe("A reserved field of the CreateFleet API."),
      detailedMonitoring: z.boolean().optional().describe("Whether CloudWatch gets metrics every minute."),
      instanceProfile: z
        .string()
        .meta(rules({ message: "instanceProfile cannot be empty", rule: "self != ''" }))
        .optional()
        .describe("An instance profile that exists, in place of a role."),
      instanceStorePolicy: z.enum(["RAID0"]).optional().describe("How local disks are used."),
      metadataOptions: MetadataOptions.prefault({
        httpEndpoint: "enabled",
        httpProtocolIPv6: "disabled",
        httpPutResponseHopLimit: 1,
        httpTokens: "required",
      }).describe("How the instance metadata service is offered."),
      role: z
        .string()
        .meta(
          rules(
            { message: "role cannot be empty", rule: "self != ''" },
            { message: "immutable field changed", rule: "self == oldSelf" },
          ),
        )
        .optional()
        .describe("The IAM role of the nodes."),
      securityGroupSelectorTerms: SecurityGroupTerms.describe("Security groups of the instances."),
      subnetSelectorTerms: SubnetTerms.describe("Subnets that instances may be launched in."),
      tags: Tags.optional().describe("Tags of instances and volumes."),
      userData: z.string().optional().describe("User data."),
    })
    .meta(
      rules(
        {
          message: "amiSelectorTerms is required when amiFamily == 'Custom'",
          rule: "self.amiFamily == 'Custom' ? self.amiSelectorTerms.size() != 0 : true",
        },
        {
          message: "must specify exactly one of ['role', 'instanceProfile']",
          rule: "(has(self.role) && !has(self.instanceProfile)) || (!has(self.role) && has(self.instanceProfile))",
        },
        {
          message:
            "changing from 'instanceProfile' to 'role' is not supported. You must delete and recreate this node class if you want to change this.",
          rule: "(has(oldSelf.role) && has(self.role)) || (has(oldSelf.instanceProfile) && has(self.instanceProfile))",
        },
      ),
    ),
  specOptional: true,
  status: Status,
});
export type EC2NodeClassV1Beta1 = ObjectOf<typeof EC2NodeClassV1Beta1>;
