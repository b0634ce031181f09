import {
  type Cloud,
  type CloudError,
  cloudError,
  type Ec2,
  type Ec2Instance,
  type FleetRequest,
  type FleetResult,
  instanceTypeOf,
  offeringsOf,
  zoneId,
} from "@bellows/aws";
import { type Clock, type Instant, sleep } from "@bellows/kube";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const launchMs = 1_500;
const goneAfterMs = 8_000;
const types = ["m5.large", "m5.xlarge", "m5.2xlarge", "c5.large", "c5.xlarge", "c5.2xlarge"];
const zones = ["us-east-1a", "us-east-1b", "us-east-1c"];

/** EC2 with six instance types in three zones: instances are there as soon as the fleet answers. */
export class FakeCloud implements Cloud {
  readonly region = "us-east-1";
  readonly instances = new Map<string, Mutable<Ec2Instance> & { goneAt?: Instant }>();
  readonly fleets: FleetRequest[] = [];
  readonly #byToken = new Map<string, FleetResult>();
  readonly #clock: Clock;
  /** Pools, as `type/zone/capacityType`, of which there are none. */
  readonly empty = new Set<string>();
  /** What the next fleet requests fail with. */
  readonly failures: CloudError[] = [];
  readonly interruptions = undefined;
  readonly autoScaling = undefined as never;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get running(): readonly Ec2Instance[] {
    return [...this.instances.values()].filter(({ state }) => state === "pending" || state === "running");
  }

  readonly ec2: Ec2 = {
    describeInstanceTypes: async () => types.flatMap((name) => instanceTypeOf(name) ?? []),
    describeInstanceTypeOfferings: async () =>
      types.flatMap((instanceType) => zones.map((zone) => ({ instanceType, zone }))),
    createFleet: (request) => this.#createFleet(request),
    describeInstances: async ({ ids, tags = {}, states }) => {
      this.#age();
      return [...this.instances.values()].filter(
        (instance) =>
          (!ids || ids.includes(instance.id)) &&
          (states ? states.includes(instance.state) : instance.state !== "terminated") &&
          Object.entries(tags).every(([key, value]) =>
            value === "*" ? key in instance.tags : instance.tags[key] === value,
          ),
      );
    },
    terminateInstances: async (ids) => {
      for (const id of ids) {
        const instance = this.instances.get(id);
        if (!instance) throw cloudError("InvalidInstanceID.NotFound", id);
        if (instance.state === "pending" || instance.state === "running") {
          instance.state = "shutting-down";
          instance.goneAt = this.#clock.now() + goneAfterMs;
        }
      }
      return [];
    },
    createTags: async () => {},
    describeSubnets: async () =>
      zones.map((zone) => ({
        id: `subnet-${zone.at(-1)}`,
        zone,
        zoneId: zoneId(zone),
        cidrBlock: "10.0.0.0/19",
        availableIpAddressCount: 8_000,
        mapPublicIpOnLaunch: false,
        tags: {},
      })),
    describeSecurityGroups: async () => [{ id: "sg-1", name: "nodes", tags: {} }],
    describeImages: async () => [
      {
        id: "ami-1",
        name: "amazon-eks-node",
        architecture: "x86_64",
        createdAt: 0,
        state: "available",
        owner: "amazon",
        tags: {},
      },
    ],
  };

  readonly pricing = {
    onDemandPrices: async () => new Map(types.map((name) => [name, instanceTypeOf(name)?.onDemandUsdPerHour ?? 0])),
    spotPrices: async () =>
      types.flatMap((instanceType) => {
        const entry = instanceTypeOf(instanceType);
        return (entry ? offeringsOf(entry, "us-east-1") : [])
          .filter(({ capacityType }) => capacityType === "spot")
          .map(({ zone, usdPerHour }) => ({ instanceType, zone, usdPerHour }));
      }),
  };
  readonly parameters = { get: async () => "ami-1" };
  readonly instanceProfiles = {
    get: async (name: string) => ({ name, role: "node", tags: {} }),
    ensure: async <T>(profile: T) => profile,
    delete: async () => {},
  };

  async #createFleet(request: FleetRequest): Promise<FleetResult> {
    this.fleets.push(request);
    await sleep(this.#clock, launchMs);
    const failed = this.failures.shift();
    if (failed) throw failed;
    const token = request.clientToken ?? "";
    const before = this.#byToken.get(token);
    if (before) return before;
    const pools = request.launchTemplates
      .flatMap(({ overrides, launchTemplate }) => overrides.map((override) => ({ ...override, launchTemplate })))
      .sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0));
    const idOf = (pool: { instanceType: string; zone: string }) =>
      `${pool.instanceType}/${pool.zone}/${request.capacityType}`;
    const chosen = pools.find((pool) => !this.empty.has(idOf(pool)));
    const errors = pools
      .filter((pool) => this.empty.has(idOf(pool)))
      .map(({ instanceType, zone, subnetId }) => ({
        code: "InsufficientInstanceCapacity",
        message: "there is none",
        instanceType,
        zone,
        subnetId,
      }));
    if (!chosen) return { fleetId: "fleet", instances: [], errors };
    const id = `i-${String(this.instances.size + 1).padStart(8, "0")}`;
    const { instanceType, zone, subnetId } = chosen;
    const { imageId } = chosen.launchTemplate;
    const { capacityType } = request;
    this.instances.set(id, {
      id,
      state: "running",
      instanceType,
      zone,
      zoneId: zoneId(zone),
      subnetId,
      imageId,
      capacityType,
      launchedAt: this.#clock.now(),
      privateDnsName: `${id}.internal`,
      privateIpAddress: "10.0.0.1",
      securityGroupIds: [],
      instanceProfile: "",
      tenancy: "default",
      tags: request.tags,
    });
    const result = {
      fleetId: "fleet",
      instances: [{ id, instanceType, zone, subnetId, imageId, capacityType }],
      errors,
    };
    this.#byToken.set(token, result);
    return result;
  }

  #age(): void {
    for (const instance of this.instances.values()) {
      if (instance.goneAt !== undefined && instance.goneAt <= this.#clock.now()) instance.state = "terminated";
    }
  }
}
