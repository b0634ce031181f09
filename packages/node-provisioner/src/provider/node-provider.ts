import type { EC2NodeClass, NodeClaim } from "@bellows/api";
import {
  type BlockDeviceMapping,
  type Cloud,
  type Ec2Instance,
  type FleetError,
  type FleetLaunchTemplate,
  type InstanceTypeInfo,
  instanceTypeLabels,
  type LaunchTemplate,
  NotFoundError,
  resourceList,
  unfulfillableCapacityCodes,
  zoneId,
} from "@bellows/aws";
import type { Instant } from "@bellows/kube";
import { type InstanceType, offeringFits } from "../engine/instance-type.ts";
import {
  capacityTypeLabel,
  nodeClassLabel,
  nodePoolLabel,
  regionLabel,
  zoneIdLabel,
  zoneLabel,
} from "../engine/well-known-labels.ts";
import { CloudFactsReader } from "./cloud-facts.ts";
import { type InstanceTypeSettings, instanceTypesFor } from "./instance-types.ts";
import { imagesFor, type LaunchOptions, launchOptions } from "./launch-options.ts";
import { UnavailableOfferings } from "./unavailable-offerings.ts";
import { type ClusterAccess, registrationOf, userDataFor } from "./user-data.ts";

/** No pool of a claim has an instance now: give the claim up, and decide anew without those pools. */
export class NoCapacity extends Error {
  override readonly name = "NoCapacity";
}

/** The node class cannot launch anything yet. */
export class NodeClassNotReady extends Error {
  override readonly name = "NodeClassNotReady";
}

/** An instance for a claim, as its status shows it. */
export interface Launched {
  readonly providerId: string;
  readonly imageId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly usdPerHour: number;
}

export interface NodeProviderOptions {
  readonly cloud: Cloud;
  readonly cluster: ClusterAccess;
  readonly vmMemoryOverhead?: number;
  readonly reservedEnis?: number;
}

export const nodeClaimTag = "karpenter.sh/nodeclaim";
export const clusterTag = "eks:eks-cluster-name";

/** Launches instances for claims, finds them again, and ends them. */
export class NodeProvider {
  readonly cloud: Cloud;
  readonly cluster: ClusterAccess;
  readonly unavailable = new UnavailableOfferings();
  readonly #facts: CloudFactsReader;
  readonly #settings: InstanceTypeSettings;
  readonly #types = new Map<string, { key: string; types: readonly InstanceType[] }>();

  constructor({ cloud, cluster, vmMemoryOverhead = 0.075, reservedEnis = 0 }: NodeProviderOptions) {
    this.cloud = cloud;
    this.cluster = cluster;
    this.#facts = new CloudFactsReader(cloud);
    this.#settings = { region: cloud.region, vmMemoryOverhead, reservedEnis };
  }

  /** What nodes of this class can be. The same list while nothing changes. */
  async instanceTypes(nodeClass: EC2NodeClass, now: Instant): Promise<readonly InstanceType[]> {
    const facts = await this.#facts.read(now);
    const key = JSON.stringify([
      nodeClass.spec,
      nodeClass.status?.subnets,
      facts.version,
      this.unavailable.version,
      this.unavailable.nextExpiry(now),
    ]);
    const known = this.#types.get(nodeClass.metadata.name);
    if (known?.key === key) return known.types;
    const types = instanceTypesFor(nodeClass, facts, this.unavailable, this.#settings, now);
    this.#types.set(nodeClass.metadata.name, { key, types });
    return types;
  }

  /**
   * Launches one instance for the claim. The claim's uid is the client token, so that a second call for one claim gives
   * the instance of the first.
   * @throws NoCapacity, NodeClassNotReady, or a CloudError
   */
  async launch(claim: NodeClaim, nodeClass: EC2NodeClass, now: Instant): Promise<Launched> {
    const types = await this.instanceTypes(nodeClass, now);
    const options = launchOptions(claim, types);
    if (!options) throw new NoCapacity("all requested instance types were unavailable during launch");
    const launchTemplates = this.#launchTemplates(claim, nodeClass, options);
    if (launchTemplates.length === 0) {
      throw new NoCapacity("no capacity offerings are currently available given the constraints");
    }
    const { capacityType } = options;
    const result = await this.cloud.ec2.createFleet({
      ...(claim.metadata.uid && { clientToken: claim.metadata.uid }),
      count: 1,
      capacityType,
      allocationStrategy: capacityType === "spot" ? "price-capacity-optimized" : "lowest-price",
      launchTemplates,
      tags: this.tagsOf(claim, nodeClass),
    });
    for (const error of result.errors) {
      if (unfulfillableCapacityCodes.has(error.code)) {
        this.unavailable.mark(error.instanceType, error.zone, capacityType, now);
      }
    }
    const [instance] = result.instances;
    if (!instance) throw failureOf(result.errors);
    return this.#launched({ ...instance, instanceClass: nodeClass }, now);
  }

  /** The instance that was launched for a claim earlier, by its tag; undefined for none that still runs. */
  async adopt(claim: NodeClaim, nodeClass: EC2NodeClass, now: Instant): Promise<Launched | undefined> {
    const instance = await this.findByClaim(claim.metadata.name);
    return instance && this.#launched({ ...instance, instanceClass: nodeClass }, now);
  }

  /** The running instance that is tagged with a claim's name. */
  async findByClaim(name: string): Promise<Ec2Instance | undefined> {
    const [instance] = await this.cloud.ec2.describeInstances({
      tags: { [nodeClaimTag]: name, [clusterTag]: this.cluster.name },
      states: ["pending", "running"],
    });
    return instance;
  }

  /** @returns undefined where it is gone */
  async find(providerId: string): Promise<Ec2Instance | undefined> {
    const id = instanceIdOf(providerId);
    if (id === undefined) return undefined;
    try {
      const [instance] = await this.cloud.ec2.describeInstances({ ids: [id] });
      return instance?.state === "terminated" ? undefined : instance;
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** Every instance of this cluster that a claim was launched as. */
  list(): Promise<readonly Ec2Instance[]> {
    return this.cloud.ec2.describeInstances({ tags: { [nodePoolLabel]: "*", [clusterTag]: this.cluster.name } });
  }

  /**
   * Ends an instance.
   * @returns true once it is gone
   */
  async terminate(providerId: string): Promise<boolean> {
    const instance = await this.find(providerId);
    if (!instance) return true;
    if (instance.state === "shutting-down") return false;
    try {
      await this.cloud.ec2.terminateInstances([instance.id]);
    } catch (error) {
      if (error instanceof NotFoundError) return true;
      throw error;
    }
    return false;
  }

  tagsOf(claim: NodeClaim, nodeClass: EC2NodeClass): Record<string, string> {
    const pool = claim.metadata.labels?.[nodePoolLabel] ?? "";
    return {
      Name: `${pool}/${claim.metadata.name}`,
      ...nodeClass.spec?.tags,
      [nodePoolLabel]: pool,
      [nodeClaimTag]: claim.metadata.name,
      [nodeClassLabel]: nodeClass.metadata.name,
      [clusterTag]: this.cluster.name,
      [`kubernetes.io/cluster/${this.cluster.name}`]: "owned",
    };
  }

  #launchTemplates(claim: NodeClaim, nodeClass: EC2NodeClass, options: LaunchOptions): FleetLaunchTemplate[] {
    const subnets = subnetByZone(nodeClass);
    const userData = userDataFor(nodeClass, registrationOf(claim, options.capacityType), this.cluster);
    const templates: FleetLaunchTemplate[] = [];
    for (const [imageId, types] of imagesFor(nodeClass, options.instanceTypes)) {
      const overrides = types.flatMap((type) =>
        type.offerings
          .filter((offering) => offering.available && offeringFits(offering, options.requirements))
          .flatMap(({ zone, usdPerHour }) => {
            const subnetId = subnets.get(zone);
            return subnetId ? [{ instanceType: type.name, subnetId, zone, priority: usdPerHour }] : [];
          }),
      );
      if (overrides.length > 0) {
        templates.push({ launchTemplate: launchTemplate(nodeClass, imageId, userData), overrides });
      }
    }
    return templates;
  }

  async #launched(
    instance: {
      readonly id: string;
      readonly instanceType: string;
      readonly zone: string;
      readonly imageId: string;
      readonly capacityType: string;
      readonly instanceClass: EC2NodeClass;
    },
    now: Instant,
  ): Promise<Launched> {
    const { id, zone, imageId, capacityType, instanceClass } = instance;
    const facts = await this.#facts.read(now);
    const info = facts.types.find(({ name }) => name === instance.instanceType);
    const type = (await this.instanceTypes(instanceClass, now)).find(({ name }) => name === instance.instanceType);
    const offering = type?.offerings.find((one) => one.zone === zone && one.capacityType === capacityType);
    return {
      providerId: `aws:///${zone}/${id}`,
      imageId,
      labels: {
        ...(info && instanceLabels(info)),
        [zoneLabel]: zone,
        [zoneIdLabel]: zoneId(zone),
        [regionLabel]: this.cloud.region,
        [capacityTypeLabel]: capacityType,
      },
      capacity: resourceList(type?.capacity ?? {}),
      allocatable: resourceList(type?.allocatable ?? {}),
      usdPerHour: offering?.usdPerHour ?? 0,
    };
  }
}

const instanceLabels = (info: InstanceTypeInfo) => instanceTypeLabels(info);

/** `aws:///us-east-1a/i-0abc` names `i-0abc`. */
export const instanceIdOf = (providerId: string): string | undefined => /(i-[0-9a-z]+)$/.exec(providerId)?.[1];

/** Of several subnets of a zone the first, which has the most free addresses. */
function subnetByZone(nodeClass: EC2NodeClass): ReadonlyMap<string, string> {
  const byZone = new Map<string, string>();
  for (const { id, zone } of nodeClass.status?.subnets ?? []) if (!byZone.has(zone)) byZone.set(zone, id);
  return byZone;
}

function launchTemplate(nodeClass: EC2NodeClass, imageId: string, userData: string): LaunchTemplate {
  const { spec, status } = nodeClass;
  return {
    imageId,
    userData,
    instanceProfile: status?.instanceProfile ?? spec?.instanceProfile ?? "",
    securityGroupIds: status?.securityGroups?.map((group) => group.id) ?? [],
    blockDeviceMappings: (spec?.blockDeviceMappings as BlockDeviceMapping[] | undefined) ?? defaultBlockDevices,
    ...(spec?.metadataOptions && { metadataOptions: spec.metadataOptions }),
    ...(spec?.detailedMonitoring !== undefined && { detailedMonitoring: spec.detailedMonitoring }),
    ...(spec?.associatePublicIPAddress !== undefined && { associatePublicIpAddress: spec.associatePublicIPAddress }),
  };
}

const defaultBlockDevices: readonly BlockDeviceMapping[] = [
  {
    deviceName: "/dev/xvda",
    ebs: { encrypted: true, volumeSize: "20Gi", volumeType: "gp3", deleteOnTermination: true },
  },
];

/** A fleet without an instance: out of capacity if every pool said so, and otherwise what EC2 said. */
function failureOf(errors: readonly FleetError[]): Error {
  const texts = [...new Set(errors.map(({ code, message }) => `${code}: ${message}`))];
  const message = `with fleet error(s), ${texts.join("; ")}`;
  if (errors.every(({ code }) => unfulfillableCapacityCodes.has(code))) return new NoCapacity(message);
  return new Error(`creating fleet request, ${message}`);
}
