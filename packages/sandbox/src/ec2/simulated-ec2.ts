import {
  type CloudError,
  cloudError,
  type Ec2,
  type Ec2Instance,
  type FleetRequest,
  type FleetResult,
  type ImageSelectorTerm,
  type InstanceFilter,
  instanceTypeOf,
  instanceTypesIn,
  offeringsOf,
  type SelectorTerm,
  zoneId,
} from "@bellows/aws";
import { parseTimestamp, randomUuid } from "@bellows/kube";
import type { Pool } from "./capacity-pools.ts";
import type { CloudCalls } from "./cloud-calls.ts";
import { instanceNotFound } from "./ec2-errors.ts";
import { type PlannedLaunch, planFleet } from "./fleet-plan.ts";
import type { PublicImages } from "./images.ts";
import type { Instance } from "./instance-kind.ts";
import type { Ec2Parts, InstanceStore } from "./instance-store.ts";

/** EC2 keeps the answer to a client token for at least this long. */
const tokenMs = 3_600_000;

/** EC2's API over the instances of the cluster. */
export class SimulatedEc2 implements Ec2 {
  readonly #parts: Ec2Parts;
  readonly #store: InstanceStore;
  readonly #images: PublicImages;
  readonly #calls: CloudCalls;
  /** Answers to fleets by client token: a retry launches nothing twice. */
  readonly #fleets = new Map<string, Promise<FleetResult>>();

  constructor(parts: Ec2Parts, store: InstanceStore, images: PublicImages, calls: CloudCalls) {
    this.#parts = parts;
    this.#store = store;
    this.#images = images;
    this.#calls = calls;
  }

  describeInstanceTypes() {
    return this.#calls.call("DescribeInstanceTypes", () => instanceTypesIn(this.#parts.region));
  }

  describeInstanceTypeOfferings() {
    const { region } = this.#parts;
    return this.#calls.call("DescribeInstanceTypes", () =>
      instanceTypesIn(region).flatMap((entry) =>
        [...(entry.zoneLetters[region] ?? "")].map((letter) => ({ instanceType: entry.name, zone: region + letter })),
      ),
    );
  }

  createFleet(request: FleetRequest): Promise<FleetResult> {
    const { clientToken } = request;
    const known = clientToken === undefined ? undefined : this.#fleets.get(clientToken);
    if (known) return known;
    const { timing, clock } = this.#parts;
    const answer = this.#calls.call("CreateFleet", () => this.#launchFleet(request), timing.createFleet);
    if (clientToken !== undefined) {
      this.#fleets.set(clientToken, answer);
      // A request that failed as a whole may be sent again.
      answer.catch(() => this.#fleets.delete(clientToken));
      clock.after(tokenMs, () => this.#fleets.delete(clientToken));
    }
    return answer;
  }

  describeInstances(filter: InstanceFilter) {
    return this.#calls.call("DescribeInstances", () => this.#selected(filter));
  }

  terminateInstances(ids: readonly string[]) {
    return this.#calls.call("TerminateInstances", async () => {
      const instances = this.#known(ids);
      for (const { metadata } of instances) await this.#store.terminate(metadata.name, "Client.UserInitiatedShutdown");
      return instances.map(({ metadata, status }) => ({
        id: metadata.name,
        previousState: status?.state ?? ("pending" as const),
        currentState: status?.state === "terminated" ? ("terminated" as const) : ("shutting-down" as const),
      }));
    });
  }

  createTags(ids: readonly string[], tags: Readonly<Record<string, string>>) {
    return this.#calls.call("CreateTags", async () => {
      // Tags of anything but instances are taken and forgotten.
      const instances = this.#known(ids.filter((id) => id.startsWith("i-")));
      for (const { metadata } of instances) await this.#store.tag(metadata.name, tags);
    });
  }

  describeSubnets(terms: readonly SelectorTerm[]) {
    return this.#calls.call("DescribeSubnets", () => this.#parts.vpc.describeSubnets(terms));
  }

  describeSecurityGroups(terms: readonly SelectorTerm[]) {
    return this.#calls.call("DescribeSecurityGroups", () => this.#parts.vpc.describeSecurityGroups(terms));
  }

  describeImages(terms: readonly ImageSelectorTerm[]) {
    return this.#calls.call("DescribeImages", () => this.#images.describe(terms));
  }

  async #launchFleet(request: FleetRequest): Promise<FleetResult> {
    if (request.launchTemplates.every(({ overrides }) => overrides.length === 0)) {
      throw cloudError("InvalidParameterValue", "The request must contain at least one launch template override.");
    }
    const plan = planFleet(request, this.#parts.pools, {
      usdPerHour: (pool) => this.#price(pool),
      vcpus: (instanceType) => instanceTypeOf(instanceType)?.vcpus ?? 0,
      runningVcpus: (capacityType) => this.#store.runningVcpus(capacityType),
    });
    const instances: FleetResult["instances"][number][] = [];
    const errors = [...plan.errors];
    for (const launch of plan.launches) {
      const { instanceType, zone, subnetId } = launch.override;
      try {
        const { metadata } = await this.#launch(launch, request.tags);
        const { imageId } = launch.template;
        instances.push({
          id: metadata.name,
          instanceType,
          zone,
          subnetId,
          imageId,
          capacityType: request.capacityType,
        });
      } catch (error) {
        // Without a free address the others of the fleet may still be launched.
        const { code = "InternalError", message } = error as CloudError;
        errors.push({ code, message, instanceType, zone, subnetId });
      }
    }
    return { fleetId: `fleet-${randomUuid(this.#parts.random)}`, instances, errors };
  }

  #launch({ template, override, pool }: PlannedLaunch, tags: FleetRequest["tags"]): Promise<Instance> {
    const { imageId, userData, instanceProfile, tenancy = "default", blockDeviceMappings } = template;
    const root = blockDeviceMappings.find(({ rootVolume }) => rootVolume) ?? blockDeviceMappings[0];
    const volumeSize = root?.ebs?.volumeSize;
    return this.#store.launch({
      pool,
      subnetId: override.subnetId,
      template: {
        imageId,
        userData,
        instanceProfile,
        securityGroupIds: [...template.securityGroupIds],
        tenancy,
        ...(volumeSize && { volumeSize }),
      },
      tags,
    });
  }

  #price({ instanceType, zone, capacityType }: Pool): number | undefined {
    const entry = instanceTypeOf(instanceType);
    return (
      entry &&
      offeringsOf(entry, this.#parts.region).find(
        (offering) => offering.zone === zone && offering.capacityType === capacityType,
      )?.usdPerHour
    );
  }

  #selected({ ids, tags = {}, states }: InstanceFilter): readonly Ec2Instance[] {
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
