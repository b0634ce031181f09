import {
  type AutoScaling,
  type AutoScalingGroupFilter,
  type AutoScalingGroup as AwsGroup,
  type Cloud,
  type CloudError,
  cloudError,
  type Ec2,
  type Ec2Instance,
  type FleetRequest,
  type FleetResult,
  type InstanceFilter,
  type InstanceProfile,
  type InstanceProfiles,
  instanceTypeOf,
  instanceTypesIn,
  offeringsOf,
  type Parameters,
  type Pricing,
  type ScalingActivity,
  zoneId,
} from "@bellows/aws";
import { isInvalid, isNotFound, type Logger, parseTimestamp, randomUuid, silentLogger, sleep } from "@bellows/kube";
import type { KubeletFleet } from "../kubelet/index.ts";
import { msIn } from "../kubelet/jitter.ts";
import { AutoScalingController } from "./auto-scaling-controller.ts";
import { AutoScalingGroup } from "./auto-scaling-group-kind.ts";
import type { Pool } from "./capacity-pools.ts";
import { CapacityPools } from "./capacity-pools.ts";
import { desiredOutside, groupNotFound, instanceNotFound, parameterNotFound, profileNotFound } from "./ec2-errors.ts";
import { defaultEc2Timing, type Ec2Timing } from "./ec2-timing.ts";
import { planFleet } from "./fleet-plan.ts";
import { PublicImages } from "./images.ts";
import type { Instance } from "./instance-kind.ts";
import { InstanceLifecycle } from "./instance-lifecycle.ts";
import { type Ec2Parts, InstanceStore, isAlive } from "./instance-store.ts";
import { SimulatedQueue } from "./interruption-queue.ts";
import { Vpc } from "./vpc.ts";

export interface SimulatedCloudOptions extends Omit<Ec2Parts, "timing" | "vpc" | "pools"> {
  readonly clusterName: string;
  /** Letters of the zones to use; default: the first three in which the region sells m5.large. */
  readonly zones?: readonly string[];
  /** `1.35`; which AMIs there are. */
  readonly kubernetesVersion?: string;
  readonly fleet: KubeletFleet;
  readonly timing?: Partial<Ec2Timing>;
  readonly pools?: CapacityPools;
  readonly log?: Logger;
}

/** Operations by name, for injected failures. */
export type CloudOperation =
  | "CreateFleet"
  | "DescribeInstances"
  | "DescribeInstanceTypes"
  | "TerminateInstances"
  | "CreateTags"
  | "DescribeAutoScalingGroups"
  | "SetDesiredCapacity"
  | "TerminateInstanceInAutoScalingGroup";

/**
 * Simulated EC2 with Auto Scaling, in the cluster that it makes nodes for: instances and groups are objects of its API
 * server (`kubectl get ec2,asg`), so that they can be watched and changed there and outlive a restart.
 */
export class SimulatedCloud implements Cloud {
  readonly region: string;
  readonly pools: CapacityPools;
  readonly vpc: Vpc;
  readonly interruptions: SimulatedQueue;
  readonly #parts: Ec2Parts;
  readonly #store: InstanceStore;
  readonly #lifecycle: InstanceLifecycle;
  readonly #groups: AutoScalingController;
  readonly #images: PublicImages;
  readonly #profiles = new Map<string, InstanceProfile>();
  readonly #failures: { operation: CloudOperation; error: CloudError; times: number }[] = [];
  /** Answers to fleets by client token: a retry launches nothing twice. */
  readonly #fleets = new Map<string, Promise<FleetResult>>();

  constructor(options: SimulatedCloudOptions) {
    const { region, clusterName, client, cache, clock, random, fleet, log = silentLogger } = options;
    this.region = region;
    this.pools = options.pools ?? new CapacityPools();
    const letters = options.zones ?? [...(instanceTypeOf("m5.large")?.zoneLetters[region] ?? "abc")].slice(0, 3);
    this.vpc = new Vpc({ clusterName, zones: letters.map((letter) => region + letter) });
    const timing = { ...defaultEc2Timing, ...options.timing };
    this.#parts = { client, cache, clock, random, region, timing, vpc: this.vpc, pools: this.pools };
    this.#images = new PublicImages(region, options.kubernetesVersion ?? "1.35");
    this.interruptions = new SimulatedQueue(clusterName, region, clock, random);
    this.#store = new InstanceStore(this.#parts);
    this.#lifecycle = new InstanceLifecycle(this.#parts, this.#store, fleet, this.interruptions, log);
    this.#groups = new AutoScalingController(this.#parts, this.#store, log);
  }

  stop(): void {
    this.#lifecycle.stop();
    this.#groups.stop();
  }

  /** Makes the next `times` calls of an operation fail. */
  failNext(operation: CloudOperation, error: CloudError, times = 1): void {
    this.#failures.push({ operation, error, times });
  }

  /** Takes a spot instance back: a rebalance recommendation now, the notice a minute later, its end two minutes after. */
  interruptSpot(id: string): Promise<void> {
    return this.#lifecycle.notice(id);
  }

  readonly ec2: Ec2 = {
    describeInstanceTypes: () => this.#call("DescribeInstanceTypes", () => instanceTypesIn(this.region)),
    describeInstanceTypeOfferings: () =>
      this.#call(undefined, () =>
        instanceTypesIn(this.region).flatMap((entry) =>
          [...(entry.zoneLetters[this.region] ?? "")].map((letter) => ({
            instanceType: entry.name,
            zone: this.region + letter,
          })),
        ),
      ),
    createFleet: (request) => this.#createFleet(request),
    describeInstances: (filter) => this.#call("DescribeInstances", () => this.#describeInstances(filter)),
    terminateInstances: (ids) =>
      this.#call("TerminateInstances", async () => {
        const instances = this.#known(ids);
        for (const { metadata } of instances)
          await this.#store.terminate(metadata.name, "Client.UserInitiatedShutdown");
        return instances.map(({ metadata, status }) => ({
          id: metadata.name,
          previousState: status?.state ?? "pending",
          currentState: status?.state === "terminated" ? "terminated" : "shutting-down",
        }));
      }),
    createTags: (ids, tags) =>
      this.#call("CreateTags", async () => {
        for (const { metadata } of this.#known(ids.filter((id) => id.startsWith("i-"))))
          await this.#store.tag(metadata.name, tags);
      }),
    describeSubnets: (terms) => this.#call(undefined, () => this.vpc.describeSubnets(terms)),
    describeSecurityGroups: (terms) => this.#call(undefined, () => this.vpc.describeSecurityGroups(terms)),
    describeImages: (terms) => this.#call(undefined, () => this.#images.describe(terms)),
  };

  readonly pricing: Pricing = {
    onDemandPrices: () =>
      this.#call(
        undefined,
        () => new Map(instanceTypesIn(this.region).map((entry) => [entry.name, entry.onDemandUsdPerHour])),
      ),
    spotPrices: () =>
      this.#call(undefined, () =>
        instanceTypesIn(this.region).flatMap((entry) =>
          offeringsOf(entry, this.region)
            .filter(({ capacityType }) => capacityType === "spot")
            .map(({ zone, usdPerHour }) => ({ instanceType: entry.name, zone, usdPerHour })),
        ),
      ),
  };

  readonly parameters: Parameters = {
    get: (name) =>
      this.#call(undefined, () => {
        const value = this.#images.parameter(name);
        if (value === undefined) throw parameterNotFound(name);
        return value;
      }),
  };

  readonly instanceProfiles: InstanceProfiles = {
    get: (name) =>
      this.#call(undefined, () => {
        const profile = this.#profiles.get(name);
        if (!profile) throw profileNotFound(name);
        return profile;
      }),
    ensure: (profile) =>
      this.#call(undefined, () => {
        this.#profiles.set(profile.name, profile);
        return profile;
      }),
    delete: (name) => this.#call(undefined, () => void this.#profiles.delete(name)),
  };

  readonly autoScaling: AutoScaling = {
    describeAutoScalingGroups: (filter = {}) =>
      this.#call("DescribeAutoScalingGroups", () =>
        this.#parts.cache
          .list(AutoScalingGroup)
          .map((group) => this.#awsGroup(group))
          .filter((group) => selects(filter, group))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      ),
    setDesiredCapacity: (name, desiredCapacity) =>
      this.#call("SetDesiredCapacity", async () => {
        const { minSize, maxSize } = this.#group(name).spec;
        if (desiredCapacity > maxSize) throw desiredOutside(desiredCapacity, "max", maxSize);
        if (desiredCapacity < minSize) throw desiredOutside(desiredCapacity, "min", minSize);
        await this.#patchGroup(name, { desiredCapacity });
      }),
    updateAutoScalingGroup: (name, change) =>
      this.#call(undefined, async () => {
        const { minSize, maxSize, desiredCapacity } = { ...this.#group(name).spec, ...change };
        // A desired capacity that the new bounds leave out moves with them, unless it was asked for.
        const moved = change.desiredCapacity ?? Math.min(maxSize, Math.max(minSize, desiredCapacity));
        await this.#patchGroup(name, { minSize, maxSize, desiredCapacity: moved });
      }),
    terminateInstanceInAutoScalingGroup: (id, { decrementDesiredCapacity }) =>
      this.#call("TerminateInstanceInAutoScalingGroup", async () => {
        const instance = this.#store.get(id);
        const name = instance?.spec.autoScalingGroup;
        if (!instance || name === undefined)
          throw cloudError(
            "ValidationError",
            `Instance Id not found - No managed instance found for instance ID: ${id}`,
          );
        const { desiredCapacity, minSize } = this.#group(name).spec;
        if (decrementDesiredCapacity && desiredCapacity - 1 < minSize) {
          throw cloudError(
            "ValidationError",
            `Currently, desiredSize equals minSize (${minSize}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
          );
        }
        const cause = `At ${new Date(this.#parts.clock.now()).toISOString().slice(0, 19)}Z instance ${id} was taken out of service in response to a user request.`;
        const activity = await this.#groups.terminate(instance, cause);
        if (decrementDesiredCapacity) await this.#patchGroup(name, { desiredCapacity: desiredCapacity - 1 });
        return awsActivity(name, activity);
      }),
    describeScalingActivities: (name) =>
      this.#call(undefined, () =>
        (this.#group(name).status?.activities ?? []).map((activity) => awsActivity(name, activity)),
      ),
  };

  async #call<T>(operation: CloudOperation | undefined, answer: () => T | Promise<T>): Promise<T> {
    const { clock, timing } = this.#parts;
    await sleep(clock, msIn(timing.call, `${operation}/${clock.now()}`));
    this.#failAsTold(operation);
    return answer();
  }

  #failAsTold(operation: CloudOperation | undefined): void {
    const failure = this.#failures.find((one) => one.operation === operation && one.times > 0);
    if (!failure) return;
    failure.times--;
    throw failure.error;
  }

  #createFleet(request: FleetRequest): Promise<FleetResult> {
    const { clientToken } = request;
    const known = clientToken === undefined ? undefined : this.#fleets.get(clientToken);
    if (known) return known;
    const answer = this.#launchFleet(request);
    if (clientToken !== undefined) {
      this.#fleets.set(clientToken, answer);
      // EC2 keeps tokens for an hour or more; a request that failed as a whole may be sent again.
      answer.catch(() => this.#fleets.delete(clientToken));
      this.#parts.clock.after(3_600_000, () => this.#fleets.delete(clientToken));
    }
    return answer;
  }

  async #launchFleet(request: FleetRequest): Promise<FleetResult> {
    const { clock, random, timing, pools } = this.#parts;
    await sleep(clock, msIn(timing.createFleet, `CreateFleet/${clock.now()}`));
    this.#failAsTold("CreateFleet");
    if (request.launchTemplates.every(({ overrides }) => overrides.length === 0)) {
      throw cloudError("InvalidParameterValue", "The request must contain at least one launch template override.");
    }
    const plan = planFleet(request, pools, {
      usdPerHour: (pool) => this.#price(pool),
      vcpus: (instanceType) => instanceTypeOf(instanceType)?.vcpus ?? 0,
      runningVcpus: (capacityType) => this.#store.runningVcpus(capacityType),
    });
    const instances = [];
    const errors = [...plan.errors];
    for (const { template, override, pool } of plan.launches) {
      const {
        imageId,
        userData,
        instanceProfile,
        securityGroupIds,
        tenancy = "default",
        blockDeviceMappings,
      } = template;
      const root = blockDeviceMappings.find(({ rootVolume }) => rootVolume) ?? blockDeviceMappings[0];
      const volumeSize = root?.ebs?.volumeSize;
      const { subnetId, instanceType, zone } = override;
      try {
        const launched = await this.#store.launch({
          pool,
          subnetId,
          template: {
            imageId,
            userData,
            instanceProfile,
            securityGroupIds: [...securityGroupIds],
            tenancy,
            ...(volumeSize && { volumeSize }),
          },
          tags: request.tags,
        });
        instances.push({
          id: launched.metadata.name,
          instanceType,
          zone,
          subnetId,
          imageId,
          capacityType: request.capacityType,
        });
      } catch (error) {
        const code = (error as CloudError).code ?? "InternalError";
        errors.push({ code, message: String((error as Error).message), instanceType, zone, subnetId });
      }
    }
    return { fleetId: `fleet-${randomUuid(random)}`, instances, errors };
  }

  #price({ instanceType, zone, capacityType }: Pool): number | undefined {
    const entry = instanceTypeOf(instanceType);
    return (
      entry &&
      offeringsOf(entry, this.region).find(
        (offering) => offering.zone === zone && offering.capacityType === capacityType,
      )?.usdPerHour
    );
  }

  #describeInstances({ ids, tags = {}, states }: InstanceFilter): readonly Ec2Instance[] {
    const found = ids ? this.#known(ids) : this.#store.list();
    return found.map(awsInstance).filter((instance) => {
      const wanted = states ? states.includes(instance.state) : ids !== undefined || instance.state !== "terminated";
      return (
        wanted &&
        Object.entries(tags).every(([key, value]) =>
          value === "*" ? key in instance.tags : instance.tags[key] === value,
        )
      );
    });
  }

  /** @throws NotFoundError naming all that are unknown */
  #known(ids: readonly string[]): readonly Instance[] {
    const unknown = ids.filter((id) => !this.#store.get(id));
    if (unknown.length > 0) throw instanceNotFound(unknown);
    return ids.flatMap((id) => this.#store.get(id) ?? []);
  }

  #group(name: string): AutoScalingGroup {
    const group = this.#parts.cache.get(AutoScalingGroup, { name });
    if (!group) throw groupNotFound(name);
    return group;
  }

  async #patchGroup(name: string, spec: Partial<AutoScalingGroup["spec"]>): Promise<void> {
    const { client, cache } = this.#parts;
    try {
      const patched = await client.patch(AutoScalingGroup, { name }, { type: "merge", body: { spec } });
      await cache.informer(AutoScalingGroup).seen(patched.metadata.resourceVersion ?? "");
    } catch (error) {
      if (isNotFound(error)) throw groupNotFound(name);
      if (isInvalid(error)) throw cloudError("ValidationError", error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  #awsGroup({ metadata, spec }: AutoScalingGroup): AwsGroup {
    const subnets = this.vpc.subnets.filter(({ id }) => spec.subnetIds.length === 0 || spec.subnetIds.includes(id));
    const members = this.#store
      .list()
      .filter(
        (instance) => instance.spec.autoScalingGroup === metadata.name && instance.status?.state !== "terminated",
      );
    return {
      name: metadata.name,
      minSize: spec.minSize,
      maxSize: spec.maxSize,
      desiredCapacity: spec.desiredCapacity,
      zones: subnets.map(({ zone }) => zone),
      subnetIds: subnets.map(({ id }) => id),
      instanceTypes: spec.instanceTypes,
      capacityType: spec.capacityType,
      instances: members.map((instance) => ({
        id: instance.metadata.name,
        instanceType: instance.spec.instanceType,
        zone: instance.spec.zone,
        lifecycleState: instance.status?.lifecycleState ?? "Pending",
        healthStatus: isAlive(instance.status) ? "Healthy" : "Unhealthy",
        protectedFromScaleIn: instance.spec.protectedFromScaleIn ?? false,
      })),
      tags: spec.tags,
      suspendedProcesses: spec.suspendedProcesses,
    };
  }
}

function awsInstance({ metadata, spec, status }: Instance): Ec2Instance {
  const { launchTemplate: template } = spec;
  return {
    id: metadata.name,
    state: status?.state ?? "pending",
    ...(status?.stateReason !== undefined && { stateReason: status.stateReason }),
    instanceType: spec.instanceType,
    zone: spec.zone,
    zoneId: zoneId(spec.zone),
    subnetId: spec.subnetId,
    imageId: template.imageId,
    capacityType: spec.capacityType,
    launchedAt: parseTimestamp(status?.launchedAt) ?? 0,
    privateDnsName: spec.privateDnsName,
    privateIpAddress: spec.privateIpAddress,
    securityGroupIds: template.securityGroupIds,
    instanceProfile: template.instanceProfile,
    tenancy: template.tenancy,
    tags: spec.tags,
  };
}

function awsActivity(
  groupName: string,
  activity: NonNullable<AutoScalingGroup["status"]>["activities"][number],
): ScalingActivity {
  const { id, startedAt, endedAt, statusCode, statusMessage, description, cause } = activity;
  const ended = parseTimestamp(endedAt);
  return {
    id,
    groupName,
    startedAt: parseTimestamp(startedAt) ?? 0,
    ...(ended !== undefined && { endedAt: ended }),
    statusCode,
    ...(statusMessage !== undefined && { statusMessage }),
    description,
    cause,
  };
}

function selects({ names, tags = {} }: AutoScalingGroupFilter, group: AwsGroup): boolean {
  if (names && !names.includes(group.name)) return false;
  return Object.entries(tags).every(([key, value]) => (value === "*" ? key in group.tags : group.tags[key] === value));
}
