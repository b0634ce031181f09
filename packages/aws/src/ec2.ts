import type { Instant } from "@bellows/kube";
import type { InstanceTypeInfo } from "./instance-types/catalogue.ts";

export type CapacityType = "spot" | "on-demand" | "reserved";

export interface Ec2 {
  describeInstanceTypes(): Promise<readonly InstanceTypeInfo[]>;
  /** Which types are sold in which zones of the region. */
  describeInstanceTypeOfferings(): Promise<readonly InstanceTypeOffering[]>;
  /**
   * Launches `count` instances at once (fleet type `instant`), all or fewer. The answer holds what was launched and why
   * each pool that was tried gave nothing. Rejects only where the request as a whole failed (throttled, denied, invalid).
   */
  createFleet(request: FleetRequest): Promise<FleetResult>;
  /** Every instance that matches, through all pages, by id. Terminated ones are found for an hour. */
  describeInstances(filter: InstanceFilter): Promise<readonly Ec2Instance[]>;
  /** @throws NotFoundError for the first id that does not exist; terminating twice is no error */
  terminateInstances(ids: readonly string[]): Promise<readonly TerminatedInstance[]>;
  /** Adds or replaces tags on instances (or other resources) by id. */
  createTags(ids: readonly string[], tags: Readonly<Record<string, string>>): Promise<void>;
  /** What matches any of the terms (all fields of a term must match), by id; none for no terms. */
  describeSubnets(terms: readonly SelectorTerm[]): Promise<readonly Subnet[]>;
  describeSecurityGroups(terms: readonly SelectorTerm[]): Promise<readonly SecurityGroup[]>;
  /** Newest first, then by id. */
  describeImages(terms: readonly ImageSelectorTerm[]): Promise<readonly Image[]>;
}

export interface InstanceTypeOffering {
  readonly instanceType: string;
  readonly zone: string;
}

export interface FleetRequest {
  /** Same token, same answer: a retry after a lost reply launches nothing twice. */
  readonly clientToken?: string;
  readonly count: number;
  readonly capacityType: CapacityType;
  /**
   * Default: `price-capacity-optimized` for spot, `lowest-price` for on-demand; `prioritized` (on-demand) and
   * `capacity-optimized-prioritized` (spot) follow `priority`, lowest first.
   */
  readonly allocationStrategy?:
    | "lowest-price"
    | "prioritized"
    | "price-capacity-optimized"
    | "capacity-optimized-prioritized";
  /** Each launch template with the (type, subnet) pools it may be launched in. */
  readonly launchTemplates: readonly FleetLaunchTemplate[];
  /** Tags of the instances, their volumes and network interfaces, and of the fleet. */
  readonly tags: Readonly<Record<string, string>>;
  /** Reserved for a batch of instances that launch together; EC2's "Context". */
  readonly context?: string;
}

export interface FleetLaunchTemplate {
  readonly launchTemplate: LaunchTemplate;
  readonly overrides: readonly FleetOverride[];
}

export interface FleetOverride {
  readonly instanceType: string;
  readonly subnetId: string;
  readonly zone: string;
  readonly priority?: number;
}

/** The contents of a launch template, inline: the implementation keeps the templates themselves. */
export interface LaunchTemplate {
  readonly imageId: string;
  readonly userData: string;
  readonly instanceProfile: string;
  readonly securityGroupIds: readonly string[];
  readonly blockDeviceMappings: readonly BlockDeviceMapping[];
  readonly metadataOptions?: MetadataOptions;
  readonly detailedMonitoring?: boolean;
  readonly associatePublicIpAddress?: boolean;
  readonly efaCount?: number;
  readonly tenancy?: "default" | "dedicated";
  readonly capacityReservationId?: string;
}

export interface MetadataOptions {
  readonly httpEndpoint?: "enabled" | "disabled";
  readonly httpProtocolIPv6?: "enabled" | "disabled";
  readonly httpPutResponseHopLimit?: number;
  readonly httpTokens?: "required" | "optional";
}

export interface BlockDeviceMapping {
  readonly deviceName: string;
  readonly rootVolume?: boolean;
  readonly ebs?: {
    /** A quantity: `20Gi`. */
    readonly volumeSize?: string;
    readonly volumeType?: string;
    readonly encrypted?: boolean;
    readonly deleteOnTermination?: boolean;
    readonly iops?: number;
    readonly throughput?: number;
    readonly kmsKeyID?: string;
    readonly snapshotID?: string;
  };
}

export interface FleetResult {
  readonly fleetId: string;
  readonly instances: readonly FleetInstance[];
  readonly errors: readonly FleetError[];
}

export interface FleetInstance {
  readonly id: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly subnetId: string;
  readonly imageId: string;
  readonly capacityType: CapacityType;
}

/** Why one override gave nothing. See `unfulfillableCapacityCodes` for the codes that mean "not now, not here". */
export interface FleetError {
  readonly code: string;
  readonly message: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly subnetId: string;
}

export type InstanceState = "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";

export interface Ec2Instance {
  readonly id: string;
  readonly state: InstanceState;
  /** Why it left: `Server.SpotInstanceTermination`, `Client.UserInitiatedShutdown`, `Server.InternalError`. */
  readonly stateReason?: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly zoneId: string;
  readonly subnetId: string;
  readonly imageId: string;
  readonly capacityType: CapacityType;
  readonly capacityReservationId?: string;
  readonly launchedAt: Instant;
  readonly privateDnsName: string;
  readonly privateIpAddress: string;
  readonly securityGroupIds: readonly string[];
  readonly instanceProfile: string;
  readonly tenancy: "default" | "dedicated";
  readonly tags: Readonly<Record<string, string>>;
}

export interface InstanceFilter {
  readonly ids?: readonly string[];
  /** All must match; the value `*` asks for the key only. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Default: all but terminated. */
  readonly states?: readonly InstanceState[];
}

export interface TerminatedInstance {
  readonly id: string;
  readonly previousState: InstanceState;
  readonly currentState: InstanceState;
}

/** All that is set must match; the tag value `*` asks for the key only. */
export interface SelectorTerm {
  readonly id?: string;
  readonly name?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface ImageSelectorTerm extends SelectorTerm {
  /** An account id, `self` or `amazon`; default for a name: `self` and `amazon`. */
  readonly owner?: string;
}

export interface Subnet {
  readonly id: string;
  readonly zone: string;
  readonly zoneId: string;
  readonly cidrBlock: string;
  readonly availableIpAddressCount: number;
  readonly mapPublicIpOnLaunch: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Image {
  readonly id: string;
  readonly name: string;
  readonly architecture: "x86_64" | "arm64";
  readonly createdAt: Instant;
  readonly deprecatedAt?: Instant;
  readonly state: "available" | "pending" | "failed" | "deregistered";
  readonly owner: string;
  readonly tags: Readonly<Record<string, string>>;
}
