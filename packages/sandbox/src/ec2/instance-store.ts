import { instanceTypeOf } from "@bellows/aws";
import { type Cache, type Client, type Clock, isNotFound, type Random, randomHex, timestamp } from "@bellows/kube";
import { fractionOf } from "../kubelet/jitter.ts";
import type { CapacityPools, Pool } from "./capacity-pools.ts";
import { insufficientAddresses } from "./ec2-errors.ts";
import type { Ec2Timing } from "./ec2-timing.ts";
import { Instance, type InstanceStatus } from "./instance-kind.ts";
import type { LaunchTemplateSpec } from "./launch-template.ts";
import type { Vpc } from "./vpc.ts";

export interface Ec2Parts {
  readonly client: Client;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly random: Random;
  readonly timing: Ec2Timing;
  readonly region: string;
  readonly vpc: Vpc;
  readonly pools: CapacityPools;
}

export interface Launch {
  readonly pool: Pool;
  readonly subnetId: string;
  readonly template: LaunchTemplateSpec;
  readonly tags: Readonly<Record<string, string>>;
  readonly autoScalingGroup?: string;
}

export const instanceFinalizer = "ec2.sandbox.bellows.dev/instance";

/** The instances, kept as objects of the API server: what a restart of the sandbox finds again. */
export class InstanceStore {
  readonly #parts: Ec2Parts;

  constructor(parts: Ec2Parts) {
    this.#parts = parts;
    parts.cache.informer(Instance);
  }

  get(id: string): Instance | undefined {
    return this.#parts.cache.get(Instance, { name: id });
  }

  /** By id. */
  list(): readonly Instance[] {
    return [...this.#parts.cache.list(Instance)].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  /** vCPUs that the account uses, by how they are paid for. */
  runningVcpus(capacityType: Pool["capacityType"]): number {
    return this.list()
      .filter(({ spec, status }) => spec.capacityType === capacityType && isAlive(status))
      .reduce((sum, { spec }) => sum + (instanceTypeOf(spec.instanceType)?.vcpus ?? 0), 0);
  }

  /** Launches one instance: from now on it exists, `pending`. @throws InsufficientCapacityError without a free address */
  async launch({ pool, subnetId, template, tags, autoScalingGroup }: Launch): Promise<Instance> {
    const { client, clock, random, region, vpc, cache } = this.#parts;
    const id = `i-0${randomHex(random, 16)}`;
    const privateIpAddress = vpc.pool(subnetId).take(fractionOf(id));
    if (!privateIpAddress) throw insufficientAddresses(subnetId);
    const privateDnsName = `ip-${privateIpAddress.replaceAll(".", "-")}.${region}.compute.internal`;
    const { instanceType, zone, capacityType } = pool;
    const created = await client.create(Instance, {
      apiVersion: Instance.apiVersion,
      kind: Instance.kind,
      metadata: {
        name: id,
        finalizers: [instanceFinalizer],
        labels: {
          "topology.kubernetes.io/zone": zone,
          "node.kubernetes.io/instance-type": instanceType,
          ...(autoScalingGroup && { "ec2.sandbox.bellows.dev/auto-scaling-group": autoScalingGroup }),
        },
      },
      spec: {
        instanceType,
        zone,
        subnetId,
        capacityType,
        privateIpAddress,
        privateDnsName,
        launchTemplate: template,
        ...(autoScalingGroup && { autoScalingGroup }),
        tags: { ...tags, ...(autoScalingGroup && { "aws:autoscaling:groupName": autoScalingGroup }) },
      },
    });
    const status: InstanceStatus = {
      state: "pending",
      launchedAt: timestamp(clock.now()),
      ...(autoScalingGroup && { lifecycleState: "Pending" }),
    };
    const launched = await client.patch(
      Instance,
      { name: id },
      { type: "merge", body: { status } },
      { subresource: "status" },
    );
    await cache.informer(Instance).seen(launched.metadata.resourceVersion ?? created.metadata.resourceVersion ?? "");
    return launched;
  }

  /** Changes the status; undefined where the instance is gone. Resolves when the cache has seen it. */
  async writeStatus(id: string, change: Partial<InstanceStatus>): Promise<Instance | undefined> {
    const body = { status: change };
    return this.#patch(id, body, "status");
  }

  /** Begins the termination of an instance; nothing where it has begun already. */
  async terminate(id: string, stateReason: string): Promise<void> {
    const instance = this.get(id);
    if (!instance || !isAlive(instance.status)) return;
    const shutdownAt = timestamp(this.#parts.clock.now());
    const lifecycle = instance.spec.autoScalingGroup ? ({ lifecycleState: "Terminating" } as const) : {};
    await this.writeStatus(id, { state: "shutting-down", stateReason, shutdownAt, ...lifecycle });
  }

  async tag(id: string, tags: Readonly<Record<string, string>>): Promise<void> {
    await this.#patch(id, { spec: { tags } });
  }

  /** Removes the object of a terminated instance. */
  async forget(id: string): Promise<void> {
    const { client } = this.#parts;
    try {
      await client.patch(Instance, { name: id }, { type: "merge", body: { metadata: { finalizers: null } } });
      await client.delete(Instance, { name: id });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #patch(id: string, body: object, subresource?: string): Promise<Instance | undefined> {
    const { client, cache } = this.#parts;
    try {
      const patched = await client.patch(
        Instance,
        { name: id },
        { type: "merge", body },
        subresource ? { subresource } : {},
      );
      await cache.informer(Instance).seen(patched.metadata.resourceVersion ?? "");
      return patched;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

/** Whether an instance is there and has not been told to leave. */
export const isAlive = (status: InstanceStatus | undefined): boolean =>
  status?.state === "pending" || status?.state === "running";
