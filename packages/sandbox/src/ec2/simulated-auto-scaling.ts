import {
  type AutoScaling,
  type AutoScalingGroupChange,
  type AutoScalingGroupFilter,
  type AutoScalingGroup as AwsGroup,
  cloudError,
  type ScalingActivity,
} from "@bellows/aws";
import { isInvalid, isNotFound, parseTimestamp, timestamp } from "@bellows/kube";
import type { AutoScalingController } from "./auto-scaling-controller.ts";
import { AutoScalingGroup, type GroupActivity } from "./auto-scaling-group-kind.ts";
import type { CloudCalls } from "./cloud-calls.ts";
import { belowMinSize, desiredOutside, groupNotFound, notManaged } from "./ec2-errors.ts";
import { type Ec2Parts, type InstanceStore, isAlive } from "./instance-store.ts";

/** Auto Scaling's API over the groups of the cluster. */
export class SimulatedAutoScaling implements AutoScaling {
  readonly #parts: Ec2Parts;
  readonly #store: InstanceStore;
  readonly #controller: AutoScalingController;
  readonly #calls: CloudCalls;

  constructor(parts: Ec2Parts, store: InstanceStore, controller: AutoScalingController, calls: CloudCalls) {
    this.#parts = parts;
    this.#store = store;
    this.#controller = controller;
    this.#calls = calls;
  }

  describeAutoScalingGroups(filter: AutoScalingGroupFilter = {}) {
    return this.#calls.call("DescribeAutoScalingGroups", () =>
      this.#parts.cache
        .list(AutoScalingGroup)
        .map((group) => this.#awsGroup(group))
        .filter((group) => selects(filter, group))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
  }

  setDesiredCapacity(name: string, desiredCapacity: number) {
    return this.#calls.call("SetDesiredCapacity", async () => {
      const { minSize, maxSize } = this.#group(name).spec;
      if (desiredCapacity > maxSize) throw desiredOutside(desiredCapacity, "max", maxSize);
      if (desiredCapacity < minSize) throw desiredOutside(desiredCapacity, "min", minSize);
      await this.#patchGroup(name, { desiredCapacity });
    });
  }

  updateAutoScalingGroup(name: string, change: AutoScalingGroupChange) {
    return this.#calls.call("UpdateAutoScalingGroup", async () => {
      const { minSize, maxSize, desiredCapacity } = { ...this.#group(name).spec, ...change };
      // A desired capacity that the new bounds leave out moves with them, unless it was asked for.
      const moved = change.desiredCapacity ?? Math.min(maxSize, Math.max(minSize, desiredCapacity));
      await this.#patchGroup(name, { minSize, maxSize, desiredCapacity: moved });
    });
  }

  terminateInstanceInAutoScalingGroup(id: string, options: { readonly decrementDesiredCapacity: boolean }) {
    return this.#calls.call("TerminateInstanceInAutoScalingGroup", async () => {
      const instance = this.#store.get(id);
      const name = instance?.spec.autoScalingGroup;
      if (!instance || name === undefined) throw notManaged(id);
      const { desiredCapacity, minSize } = this.#group(name).spec;
      // The capacity is lowered first: a group that finds an instance missing would replace it.
      if (options.decrementDesiredCapacity) {
        if (desiredCapacity - 1 < minSize) throw belowMinSize(minSize);
        await this.#patchGroup(name, { desiredCapacity: desiredCapacity - 1 });
      }
      const at = timestamp(this.#parts.clock.now());
      const cause = `At ${at} instance ${id} was taken out of service in response to a user request.`;
      return awsActivity(name, await this.#controller.terminate(instance, cause));
    });
  }

  describeScalingActivities(name: string) {
    return this.#calls.call("DescribeScalingActivities", () =>
      (this.#group(name).status?.activities ?? []).map((activity) => awsActivity(name, activity)),
    );
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
    const subnets = this.#parts.vpc.subnets.filter(
      ({ id }) => spec.subnetIds.length === 0 || spec.subnetIds.includes(id),
    );
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

function awsActivity(groupName: string, activity: GroupActivity): ScalingActivity {
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
