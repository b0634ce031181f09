import { Node, Pod, stableJson } from "@bellows/api";
import { instanceTypeOf, offeringsOf } from "@bellows/aws";
import { isNotFound, isTooManyRequests, type Logger, randomUuid, type Timer, timestamp } from "@bellows/kube";
import { stringify } from "yaml";
import { msIn } from "../kubelet/jitter.ts";
import { AutoScalingGroup, type AutoScalingGroupStatus, type GroupActivity } from "./auto-scaling-group-kind.ts";
import { insufficientCapacity, type Pool } from "./capacity-pools.ts";
import { Instance } from "./instance-kind.ts";
import { type Ec2Parts, type InstanceStore, isAlive } from "./instance-store.ts";

const retryMs = 15_000;
const drainRetryMs = 5_000;
/** A managed node group gives a node this long to drain before its instance goes anyway. */
const drainTimeoutMs = 900_000;
const maxActivities = 20;

/**
 * The Auto Scaling groups: each is brought to its desired capacity, new instances go to the zone with the fewest, and the
 * oldest instance of the zone with the most leaves first. A managed node group cordons and drains a node that leaves.
 */
export class AutoScalingController {
  readonly #parts: Ec2Parts;
  readonly #store: InstanceStore;
  readonly #log: Logger;
  readonly #pending = new Map<string, Timer>();
  readonly #busy = new Set<string>();
  /** Instances whose nodes are being drained. */
  readonly #draining = new Set<string>();
  readonly #activities = new Map<string, readonly GroupActivity[]>();

  constructor(parts: Ec2Parts, store: InstanceStore, log: Logger) {
    this.#parts = parts;
    this.#store = store;
    this.#log = log;
    const { cache } = parts;
    cache.informer(AutoScalingGroup).handle({
      changed: (key, before, after) => {
        if (after && !sameSpec(before, after)) this.#wake(key.name);
        if (!after && before) void this.#deleted(key.name);
      },
    });
    cache.informer(Instance).handle({
      changed: (_, before, after) => {
        const group = (after ?? before)?.spec.autoScalingGroup;
        if (group && before?.status?.state !== after?.status?.state) this.#wake(group);
      },
    });
  }

  stop(): void {
    for (const timer of this.#pending.values()) timer.cancel();
    this.#pending.clear();
  }

  /** Terminates a member; what the group does about it follows from its desired capacity. */
  async terminate(instance: Instance, cause: string): Promise<GroupActivity> {
    const { name } = instance.metadata;
    const activity = this.#activity(`Terminating EC2 instance: ${name}`, cause, "InProgress");
    await this.#store.terminate(name, "Client.UserInitiatedShutdown");
    await this.#record(instance.spec.autoScalingGroup ?? "", {
      ...activity,
      statusCode: "Successful",
      endedAt: activity.startedAt,
    });
    return activity;
  }

  #wake(name: string, delayMs = msIn(this.#parts.timing.autoScaling, `${name}/${this.#parts.clock.now()}`)): void {
    if (this.#pending.has(name)) return;
    const timer = this.#parts.clock.after(delayMs, () => {
      this.#pending.delete(name);
      if (this.#busy.has(name)) return this.#wake(name);
      this.#busy.add(name);
      void this.#reconcile(name)
        .catch((error: unknown) => {
          this.#log.warn("auto scaling group was not reconciled", { group: name, error });
          this.#wake(name, retryMs);
        })
        .finally(() => this.#busy.delete(name));
    });
    this.#pending.set(name, timer);
  }

  async #reconcile(name: string): Promise<void> {
    const group = this.#parts.cache.get(AutoScalingGroup, { name });
    if (!group) return;
    const { desiredCapacity, suspendedProcesses } = group.spec;
    const members = this.#members(name).filter(stays);
    const missing = desiredCapacity - members.length;
    if (missing > 0 && !suspendedProcesses.includes("Launch")) await this.#launch(group, members, missing);
    if (missing < 0 && !suspendedProcesses.includes("Terminate")) {
      for (const instance of leaving(members, -missing)) await this.#scaleIn(group, instance);
    }
    for (const instance of this.#members(name)) {
      if (instance.status?.lifecycleState === "Terminating:Wait")
        this.#startDrain(instance, "The drain of its node goes on.");
    }
    await this.#writeStatus(name);
  }

  async #launch(group: AutoScalingGroup, members: readonly Instance[], count: number): Promise<void> {
    const { name } = group.metadata;
    const total = members.length;
    const cause =
      `At ${timestamp(this.#parts.clock.now())} an instance was started in response to a difference between desired and actual capacity, ` +
      `increasing the capacity from ${total} to ${total + count}.`;
    const zones = new Map(
      this.#subnets(group).map((subnet) => [
        subnet.zone,
        members.filter(({ spec }) => spec.zone === subnet.zone).length,
      ]),
    );
    for (let index = 0; index < count; index++) {
      const launched = await this.#launchOne(group, zones);
      if (typeof launched === "string") {
        await this.#record(name, {
          ...this.#activity(`Launching a new EC2 instance.  Status Reason: ${launched}`, cause, "Failed"),
          statusMessage: launched,
        });
        return this.#wake(name, retryMs);
      }
      zones.set(launched.spec.zone, (zones.get(launched.spec.zone) ?? 0) + 1);
      const activity = this.#activity(`Launching a new EC2 instance: ${launched.metadata.name}`, cause, "Successful");
      await this.#record(name, { ...activity, endedAt: activity.startedAt });
    }
  }

  /** In the zone with the fewest members first, by the order of the group's types. @returns why there is none */
  async #launchOne(group: AutoScalingGroup, zones: ReadonlyMap<string, number>): Promise<Instance | string> {
    const { spec, metadata } = group;
    const { pools, region } = this.#parts;
    let why = "There are no subnets to launch in.";
    const subnets = [...this.#subnets(group)].sort(
      (a, b) => (zones.get(a.zone) ?? 0) - (zones.get(b.zone) ?? 0) || (a.zone < b.zone ? -1 : 1),
    );
    for (const subnet of subnets) {
      for (const instanceType of spec.instanceTypes) {
        const pool: Pool = { instanceType, zone: subnet.zone, capacityType: spec.capacityType };
        const entry = instanceTypeOf(instanceType);
        const sold =
          entry &&
          offeringsOf(entry, region).some(
            ({ zone, capacityType }) => zone === pool.zone && capacityType === pool.capacityType,
          );
        if (!entry || !sold) {
          why = `Your requested instance type (${instanceType}) is not supported in your requested Availability Zone (${pool.zone}).`;
          continue;
        }
        const limited = pools.limitError(pool, this.#store.runningVcpus(pool.capacityType), entry.vcpus);
        if (limited || pools.available(pool, 1) < 1) {
          const error = limited ?? insufficientCapacity(pool);
          why = error.message.slice(error.code.length + 2);
          continue;
        }
        pools.take(pool, 1);
        const template = {
          ...spec.launchTemplate,
          userData: spec.launchTemplate.userData || nodeConfig(group, spec.launchTemplate.imageId),
        };
        return this.#store.launch({
          pool,
          subnetId: subnet.id,
          template,
          tags: spec.tags,
          autoScalingGroup: metadata.name,
        });
      }
    }
    return why;
  }

  async #scaleIn(group: AutoScalingGroup, instance: Instance): Promise<void> {
    const { name } = instance.metadata;
    const cause =
      `At ${timestamp(this.#parts.clock.now())} an instance was taken out of service in response to a difference between desired and actual capacity, ` +
      `shrinking the capacity to ${group.spec.desiredCapacity}.`;
    if (group.spec.nodeGroup === undefined || instance.status?.state !== "running") {
      await this.terminate(instance, cause);
      return;
    }
    await this.#store.writeStatus(name, { lifecycleState: "Terminating:Wait" });
    this.#startDrain(instance, cause);
  }

  #startDrain(instance: Instance, cause: string): void {
    if (this.#draining.has(instance.metadata.name)) return;
    this.#draining.add(instance.metadata.name);
    void this.#drain(instance, this.#parts.clock.now() + drainTimeoutMs, cause);
  }

  /** Cordons the node and evicts its pods, as far as their budgets allow, then lets the instance go. */
  async #drain(instance: Instance, deadline: number, cause: string): Promise<void> {
    const { client, clock } = this.#parts;
    const nodeName = instance.spec.privateDnsName;
    try {
      await client.patch(Node, { name: nodeName }, { type: "merge", body: { spec: { unschedulable: true } } });
      const { items } = await client.list(Pod, { fieldSelector: `spec.nodeName=${nodeName}` });
      const left = items.filter(isEvictable);
      for (const pod of left) await this.#evict(pod);
      if (left.length > 0 && clock.now() < deadline) {
        clock.after(drainRetryMs, () => void this.#drain(instance, deadline, cause));
        return;
      }
    } catch (error) {
      if (!isNotFound(error)) {
        this.#log.warn("node was not drained", { node: nodeName, error });
        clock.after(drainRetryMs, () => void this.#drain(instance, deadline, cause));
        return;
      }
    }
    this.#draining.delete(instance.metadata.name);
    await this.terminate(instance, cause);
  }

  async #evict(pod: Pod): Promise<void> {
    const { name, namespace = "default", deletionTimestamp } = pod.metadata;
    if (deletionTimestamp) return;
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
    try {
      await this.#parts.client.createSub(Pod as never, { namespace, name }, "eviction", eviction);
    } catch (error) {
      // A disruption budget says "not now"; the next round asks again.
      if (!isTooManyRequests(error) && !isNotFound(error)) throw error;
    }
  }

  async #deleted(name: string): Promise<void> {
    for (const instance of this.#members(name))
      await this.#store.terminate(instance.metadata.name, "Client.UserInitiatedShutdown");
  }

  #members(name: string): readonly Instance[] {
    return this.#store.list().filter(({ spec, status }) => spec.autoScalingGroup === name && isAlive(status));
  }

  #subnets(group: AutoScalingGroup) {
    const { subnets } = this.#parts.vpc;
    const chosen = subnets.filter(({ id }) => group.spec.subnetIds.includes(id));
    return chosen.length > 0 ? chosen : subnets;
  }

  #activity(description: string, cause: string, statusCode: GroupActivity["statusCode"]): GroupActivity {
    const { random, clock } = this.#parts;
    return { id: randomUuid(random), startedAt: timestamp(clock.now()), statusCode, description, cause };
  }

  async #record(name: string, activity: GroupActivity): Promise<void> {
    const known =
      this.#activities.get(name) ?? this.#parts.cache.get(AutoScalingGroup, { name })?.status?.activities ?? [];
    this.#activities.set(name, [activity, ...known].slice(0, maxActivities));
    await this.#writeStatus(name);
  }

  async #writeStatus(name: string): Promise<void> {
    const { client, cache } = this.#parts;
    const group = cache.get(AutoScalingGroup, { name });
    if (!group) return;
    const members = this.#store
      .list()
      .filter(({ spec, status }) => spec.autoScalingGroup === name && status?.state !== "terminated");
    const status: AutoScalingGroupStatus = {
      replicas: members.filter(stays).length,
      inService: members.filter((instance) => instance.status?.lifecycleState === "InService").length,
      instances: members.map(({ metadata, spec, status }) => ({
        id: metadata.name,
        zone: spec.zone,
        lifecycleState: status?.lifecycleState ?? "Pending",
      })),
      activities: [...(this.#activities.get(name) ?? group.status?.activities ?? [])],
    };
    if (stableJson(status) === stableJson(group.status)) return;
    const written = await client
      .patch(AutoScalingGroup, { name }, { type: "merge", body: { status } }, { subresource: "status" })
      .catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
    if (written) await cache.informer(AutoScalingGroup).seen(written.metadata.resourceVersion ?? "");
  }
}

/** Whether nothing differs that the group would act on; its own status never wakes it. */
const sameSpec = (before: AutoScalingGroup | undefined, after: AutoScalingGroup): boolean =>
  before?.spec.desiredCapacity === after.spec.desiredCapacity &&
  before.spec.suspendedProcesses.join() === after.spec.suspendedProcesses.join();

/** Alive, and not on its way out. */
const stays = (instance: Instance): boolean =>
  isAlive(instance.status) && instance.status?.lifecycleState !== "Terminating:Wait";

/** The members that leave: always from the zone with the most, the oldest first, protected ones never. */
export function leaving(members: readonly Instance[], count: number): readonly Instance[] {
  const left = [...members];
  const chosen: Instance[] = [];
  while (chosen.length < count) {
    const inZone = (zone: string) => left.filter(({ spec }) => spec.zone === zone).length;
    const [next] = left
      .filter(({ spec }) => !spec.protectedFromScaleIn)
      .sort(
        (a, b) =>
          inZone(b.spec.zone) - inZone(a.spec.zone) ||
          order(a.status?.launchedAt ?? "", b.status?.launchedAt ?? "") ||
          order(a.metadata.name, b.metadata.name),
      );
    if (!next) break;
    chosen.push(next);
    left.splice(left.indexOf(next), 1);
  }
  return chosen;
}

const order = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** Pods that a drain waits for: not those of DaemonSets, not mirror pods, not those that are over. */
function isEvictable(pod: Pod): boolean {
  if (pod.metadata.annotations?.["kubernetes.io/config.mirror"]) return false;
  if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return false;
  return !pod.metadata.ownerReferences?.some(({ kind, controller }) => controller && kind === "DaemonSet");
}

/** The user data of a managed node group: the labels that EKS gives, those of the group, and its taints. */
function nodeConfig(group: AutoScalingGroup, imageId: string): string {
  const { nodeGroup, capacityType, labels, taints } = group.spec;
  const managed = nodeGroup
    ? {
        "eks.amazonaws.com/nodegroup": nodeGroup,
        "eks.amazonaws.com/capacityType": capacityType === "spot" ? "SPOT" : "ON_DEMAND",
        ...(imageId && { "eks.amazonaws.com/nodegroup-image": imageId }),
      }
    : {};
  const all = Object.entries({ ...managed, ...labels }).map(([key, value]) => `${key}=${value}`);
  const kubelet = { flags: [`--node-labels=${all.join(",")}`], config: { registerWithTaints: taints } };
  return stringify({ apiVersion: "node.eks.aws/v1alpha1", kind: "NodeConfig", spec: { kubelet } });
}
