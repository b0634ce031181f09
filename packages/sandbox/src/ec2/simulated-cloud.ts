import {
  type Cloud,
  type CloudError,
  type InstanceProfile,
  type InstanceProfiles,
  instanceTypeOf,
  instanceTypesIn,
  offeringsOf,
  type Parameters,
  type Pricing,
} from "@bellows/aws";
import { type Logger, silentLogger } from "@bellows/kube";
import type { KubeletFleet } from "../kubelet/index.ts";
import { AutoScalingController } from "./auto-scaling-controller.ts";
import { CapacityPools } from "./capacity-pools.ts";
import { CloudCalls, type CloudOperation } from "./cloud-calls.ts";
import { parameterNotFound, profileNotFound } from "./ec2-errors.ts";
import { defaultEc2Timing, type Ec2Timing } from "./ec2-timing.ts";
import { PublicImages } from "./images.ts";
import { InstanceLifecycle } from "./instance-lifecycle.ts";
import { type Ec2Parts, InstanceStore } from "./instance-store.ts";
import { SimulatedQueue } from "./interruption-queue.ts";
import { SimulatedAutoScaling } from "./simulated-auto-scaling.ts";
import { SimulatedEc2 } from "./simulated-ec2.ts";
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

/**
 * Simulated EC2 with Auto Scaling, in the cluster that it makes nodes for: instances and groups are objects of its API
 * server (`kubectl get ec2,asg`), so that they can be watched and changed there and outlive a restart.
 */
export class SimulatedCloud implements Cloud {
  readonly region: string;
  readonly pools: CapacityPools;
  readonly vpc: Vpc;
  readonly ec2: SimulatedEc2;
  readonly autoScaling: SimulatedAutoScaling;
  readonly interruptions: SimulatedQueue;
  readonly #images: PublicImages;
  readonly #calls: CloudCalls;
  readonly #lifecycle: InstanceLifecycle;
  readonly #groups: AutoScalingController;
  readonly #profiles = new Map<string, InstanceProfile>();

  constructor(options: SimulatedCloudOptions) {
    const { region, clusterName, client, cache, clock, random, fleet, log = silentLogger } = options;
    this.region = region;
    this.pools = options.pools ?? new CapacityPools();
    const letters = options.zones ?? [...(instanceTypeOf("m5.large")?.zoneLetters[region] ?? "abc")].slice(0, 3);
    this.vpc = new Vpc({ clusterName, zones: letters.map((letter) => region + letter) });
    const timing = { ...defaultEc2Timing, ...options.timing };
    const parts: Ec2Parts = { client, cache, clock, random, region, timing, vpc: this.vpc, pools: this.pools };
    const store = new InstanceStore(parts);
    this.#calls = new CloudCalls(clock, timing);
    this.#images = new PublicImages(region, options.kubernetesVersion ?? "1.35");
    this.interruptions = new SimulatedQueue(clusterName, region, clock, random);
    this.#lifecycle = new InstanceLifecycle(parts, store, fleet, this.interruptions, log);
    this.#groups = new AutoScalingController(parts, store, log);
    this.ec2 = new SimulatedEc2(parts, store, this.#images, this.#calls);
    this.autoScaling = new SimulatedAutoScaling(parts, store, this.#groups, this.#calls);
  }

  stop(): void {
    this.#lifecycle.stop();
    this.#groups.stop();
  }

  /** Makes the next `times` calls of an operation fail. */
  failNext(operation: CloudOperation, error: CloudError, times = 1): void {
    this.#calls.failNext(operation, error, times);
  }

  /** Takes a spot instance back: a rebalance recommendation now, the notice a minute later, its end two minutes after. */
  interruptSpot(id: string): Promise<void> {
    return this.#lifecycle.notice(id);
  }

  readonly pricing: Pricing = {
    onDemandPrices: () =>
      this.#calls.call(
        "GetPrices",
        () => new Map(instanceTypesIn(this.region).map((entry) => [entry.name, entry.onDemandUsdPerHour])),
      ),
    spotPrices: () =>
      this.#calls.call("GetPrices", () =>
        instanceTypesIn(this.region).flatMap((entry) =>
          offeringsOf(entry, this.region)
            .filter(({ capacityType }) => capacityType === "spot")
            .map(({ zone, usdPerHour }) => ({ instanceType: entry.name, zone, usdPerHour })),
        ),
      ),
  };

  readonly parameters: Parameters = {
    get: (name) =>
      this.#calls.call("GetParameter", () => {
        const value = this.#images.parameter(name);
        if (value === undefined) throw parameterNotFound(name);
        return value;
      }),
  };

  readonly instanceProfiles: InstanceProfiles = {
    get: (name) =>
      this.#calls.call("InstanceProfile", () => {
        const profile = this.#profiles.get(name);
        if (!profile) throw profileNotFound(name);
        return profile;
      }),
    ensure: (profile) =>
      this.#calls.call("InstanceProfile", () => {
        this.#profiles.set(profile.name, profile);
        return profile;
      }),
    delete: (name) => this.#calls.call("InstanceProfile", () => void this.#profiles.delete(name)),
  };
}
