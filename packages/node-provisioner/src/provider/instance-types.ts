import type { EC2NodeClass } from "@bellows/api";
import {
  type AmiFamily,
  allocatableOf,
  type BlockDeviceMapping,
  capacityOf,
  type InstanceTypeInfo,
  instanceTypeLabels,
  type KubeletSettings,
  type NodeSettings,
  zoneId,
} from "@bellows/aws";
import type { Instant } from "@bellows/kube";
import type { InstanceType, Offering } from "../engine/instance-type.ts";
import type { RequirementFields } from "../engine/requirement.ts";
import { requirementsOf } from "../engine/requirements.ts";
import {
  capacityTypeLabel,
  regionLabel,
  wellKnownLabels,
  zoneIdLabel,
  zoneLabel,
} from "../engine/well-known-labels.ts";
import type { CloudFacts } from "./cloud-facts.ts";
import type { UnavailableOfferings } from "./unavailable-offerings.ts";

export interface InstanceTypeSettings {
  readonly region: string;
  /** The share of memory that is not counted on before a node has shown what it has; upstream's default 0.075. */
  readonly vmMemoryOverhead: number;
  /** Network interfaces that pods cannot use. */
  readonly reservedEnis: number;
}

/** Labels of every instance type that some do not have: asked for, they are known to be absent. */
const typeLabels = [...wellKnownLabels].filter((label) => label.startsWith("karpenter.k8s.aws/instance-"));

/**
 * The instance types that a node class can launch in its subnets' zones, each with what it is and its pools. Pools that
 * lately had no capacity are there, but not available.
 */
export function instanceTypesFor(
  nodeClass: EC2NodeClass,
  facts: CloudFacts,
  unavailable: UnavailableOfferings,
  settings: InstanceTypeSettings,
  now: Instant,
): InstanceType[] {
  const zones = new Set(nodeClass.status?.subnets?.map((subnet) => subnet.zone) ?? []);
  const node = nodeSettings(nodeClass, settings);
  const types: InstanceType[] = [];
  for (const info of facts.types) {
    if (info.architecture === "i386") continue;
    const offerings = offeringsOf(info, zones, facts, unavailable, now);
    if (offerings.length > 0) types.push(instanceTypeOf(info, offerings, node, settings.region));
  }
  return types;
}

function offeringsOf(
  info: InstanceTypeInfo,
  zones: ReadonlySet<string>,
  facts: CloudFacts,
  unavailable: UnavailableOfferings,
  now: Instant,
): Offering[] {
  return (facts.zones.get(info.name) ?? [])
    .filter((zone) => zones.has(zone))
    .flatMap((zone) =>
      info.capacityTypes.flatMap((capacityType): Offering[] => {
        const price = capacityType === "spot" ? facts.spot.get(`${info.name}/${zone}`) : facts.onDemand.get(info.name);
        if (price === undefined) return [];
        return [
          {
            labels: { [zoneLabel]: zone, [zoneIdLabel]: zoneId(zone), [capacityTypeLabel]: capacityType },
            zone,
            capacityType,
            usdPerHour: price,
            available: !unavailable.has(info.name, zone, capacityType, now),
          },
        ];
      }),
    );
}

function instanceTypeOf(
  info: InstanceTypeInfo,
  offerings: readonly Offering[],
  node: NodeSettings,
  region: string,
): InstanceType {
  const labels = instanceTypeLabels(info);
  const sold = offerings.filter((offering) => offering.available);
  const valuesOf = (key: string) => [...new Set(sold.map((offering) => offering.labels[key] as string))];
  const requirement = (key: string, values: readonly string[]): RequirementFields =>
    values.length > 0 ? { key, operator: "In", values } : { key, operator: "DoesNotExist" };
  return {
    name: info.name,
    requirements: requirementsOf([
      ...typeLabels.map((key) => requirement(key, labels[key] === undefined ? [] : [labels[key]])),
      ...Object.entries(labels).map(([key, value]) => requirement(key, [value])),
      ...[zoneLabel, zoneIdLabel, capacityTypeLabel].map((key) => requirement(key, valuesOf(key))),
      requirement(regionLabel, [region]),
    ]),
    capacity: capacityOf(info, node),
    allocatable: allocatableOf(info, node),
    offerings,
  };
}

/** What the node class says that changes what its nodes have room for. */
export function nodeSettings(
  { spec }: EC2NodeClass,
  { vmMemoryOverhead, reservedEnis }: Pick<InstanceTypeSettings, "vmMemoryOverhead" | "reservedEnis">,
): NodeSettings {
  return {
    amiFamily: amiFamilyOf(spec),
    vmMemoryOverhead,
    reservedEnis,
    ...(spec?.blockDeviceMappings && { blockDeviceMappings: spec.blockDeviceMappings as BlockDeviceMapping[] }),
    ...(spec?.instanceStorePolicy && { instanceStorePolicy: spec.instanceStorePolicy }),
    ...(spec?.kubelet && { kubelet: spec.kubelet as KubeletSettings }),
  };
}

const familyByAlias: Readonly<Record<string, AmiFamily>> = {
  al2: "AL2",
  al2023: "AL2023",
  bottlerocket: "Bottlerocket",
  windows2019: "Windows2019",
  windows2022: "Windows2022",
  windows2025: "Windows2025",
};

/** As the node class says, or as the alias of its images does; `Custom` where neither tells. */
export function amiFamilyOf(spec: EC2NodeClass["spec"]): AmiFamily {
  if (spec?.amiFamily) return spec.amiFamily;
  const alias = spec?.amiSelectorTerms.find((term) => term.alias)?.alias;
  return familyByAlias[alias?.split("@")[0]?.toLowerCase() ?? ""] ?? "Custom";
}
