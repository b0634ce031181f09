import { z } from "zod";
import { Int32, Int64, rules } from "../field.ts";
import { AmiFamily, AmiTerms, amiFamilyRules } from "./ami.ts";
import { BlockDeviceMappings } from "./block-device.ts";
import { KubeletSettings } from "./kubelet.ts";
import { CapacityReservationTerms, PlacementGroupSelector, SecurityGroupTerms, SubnetTerms } from "./selector-term.ts";

const ConnectionTracking = z
  .object({
    tcpEstablishedTimeout: Int32.min(60)
      .max(432000)
      .optional()
      .describe("Seconds after which an idle TCP connection is forgotten."),
    udpStreamTimeout: Int32.min(60).max(180).optional().describe("Seconds for UDP flows that have seen a reply."),
    udpTimeout: Int32.min(30).max(60).optional().describe("Seconds for UDP flows of one direction."),
  })
  .meta(
    rules({
      message: "at least one of tcpEstablishedTimeout, udpStreamTimeout, or udpTimeout must be set",
      rule: "has(self.tcpEstablishedTimeout) || has(self.udpStreamTimeout) || has(self.udpTimeout)",
    }),
  );

const OnOff = z.enum(["enabled", "disabled"]);

export const MetadataOptions = z.object({
  httpEndpoint: OnOff.default("enabled").describe("Whether instances can reach the metadata service."),
  httpProtocolIPv6: OnOff.default("disabled").describe("Whether the metadata service answers over IPv6."),
  httpPutResponseHopLimit: Int64.min(1).max(64).default(1).describe("How many network hops a token may travel."),
  httpTokens: z.enum(["required", "optional"]).default("required").describe("Whether tokens (IMDSv2) must be used."),
});

const NetworkInterfaces = z
  .array(
    z.object({
      networkCardIndex: Int32.min(0).describe("The network card."),
      deviceIndex: Int32.min(0).describe("The place on the card."),
      interfaceType: z.enum(["interface", "efa-only"]).describe("An ordinary interface, or one for EFA traffic alone."),
    }),
  )
  .max(150)
  .meta(
    rules(
      {
        message: "networkInterfaces must include a primary interface with interfaceType='interface'",
        rule: "self.size() == 0 || self.exists(x, x.deviceIndex == 0 && x.networkCardIndex == 0 && x.interfaceType == 'interface')",
      },
      {
        message:
          "networkInterfaces must not have duplicate networkCardIndex and deviceIndex pairs, and can have at most one efa device per network card",
        rule:
          "self.all(x, self.filter(y, x.networkCardIndex == y.networkCardIndex && x.deviceIndex == y.deviceIndex).size() == 1 && " +
          "(x.interfaceType != 'efa-only' || self.filter(y, x.networkCardIndex == y.networkCardIndex && y.interfaceType == 'efa-only').size() == 1))",
      },
    ),
  );

const restrictedTag = (name: string, rule: string) => ({
  message: `tag contains a restricted tag matching ${name}`,
  rule,
});

const Tags = z
  .record(z.string(), z.string())
  .meta(
    rules(
      { message: "empty tag keys aren't supported", rule: "self.all(k, k != '')" },
      restrictedTag("eks:eks-cluster-name", "self.all(k, k !='eks:eks-cluster-name')"),
      restrictedTag("kubernetes.io/cluster/", "self.all(k, !k.startsWith('kubernetes.io/cluster') )"),
      restrictedTag("karpenter.sh/nodepool", "self.all(k, k != 'karpenter.sh/nodepool')"),
      restrictedTag("karpenter.sh/nodeclaim", "self.all(k, k !='karpenter.sh/nodeclaim')"),
      restrictedTag("karpenter.k8s.aws/ec2nodeclass", "self.all(k, k !='karpenter.k8s.aws/ec2nodeclass')"),
    ),
  );

export const Ec2NodeClassSpec = z
  .object({
    subnetSelectorTerms: SubnetTerms.describe("Subnets that instances may be launched in. Any term may match."),
    securityGroupSelectorTerms: SecurityGroupTerms.describe("Security groups of the instances. Any term may match."),
    amiSelectorTerms: AmiTerms.describe(
      "Machine images to launch from; of those that fit, the newest. Any term may match.",
    ),
    amiFamily: AmiFamily.optional().describe(
      "What user data, block devices and reserved resources are made for. Known from an alias.",
    ),
    role: z
      .string()
      .meta(rules({ message: "role cannot be empty", rule: "self != ''" }))
      .optional()
      .describe("The IAM role of the nodes. An instance profile is made for it."),
    instanceProfile: z
      .string()
      .meta(rules({ message: "instanceProfile cannot be empty", rule: "self != ''" }))
      .optional()
      .describe("An instance profile that exists, in place of a role."),
    capacityReservationSelectorTerms: CapacityReservationTerms.optional().describe(
      "Capacity reservations to use. Any term may match.",
    ),
    placementGroupSelector: PlacementGroupSelector.optional().describe("The placement group to launch into."),
    blockDeviceMappings: BlockDeviceMappings.optional().describe(
      "The volumes of the instances; those of the family without.",
    ),
    instanceStorePolicy: z
      .enum(["RAID0"])
      .optional()
      .describe("How local disks are used: as one volume that adds to ephemeral-storage."),
    metadataOptions: MetadataOptions.prefault({
      httpEndpoint: "enabled",
      httpProtocolIPv6: "disabled",
      httpPutResponseHopLimit: 1,
      httpTokens: "required",
    }).describe("How the instance metadata service is offered."),
    kubelet: KubeletSettings.optional().describe("Settings of the kubelet's configuration file."),
    userData: z.string().optional().describe("User data; merged with what the family needs."),
    tags: Tags.optional().describe("Tags of instances, volumes and network interfaces."),
    associatePublicIPAddress: z
      .boolean()
      .optional()
      .describe("Whether instances get a public address; the subnet says without."),
    ipPrefixCount: Int32.min(0).optional().describe("IPv4 prefixes on the primary network interface."),
    networkInterfaces: NetworkInterfaces.optional().describe("The network interfaces; one ordinary interface without."),
    connectionTracking: ConnectionTracking.optional().describe("Timeouts of connection tracking."),
    cpuOptions: z
      .object({ nestedVirtualization: OnOff.optional().describe("Whether instances can run virtual machines.") })
      .optional()
      .describe("Options of the processors."),
    detailedMonitoring: z.boolean().optional().describe("Whether CloudWatch gets metrics every minute."),
    context: z.string().optional().describe("A reserved field of the CreateFleet API."),
  })
  .meta(
    rules(
      {
        message: "must specify exactly one of ['role', 'instanceProfile']",
        rule: "(has(self.role) && !has(self.instanceProfile)) || (!has(self.role) && has(self.instanceProfile))",
      },
      ...amiFamilyRules,
    ),
  );
