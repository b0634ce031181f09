import type { CapacityType, FleetError, FleetLaunchTemplate, FleetOverride, FleetRequest } from "@bellows/aws";
import { type CapacityPools, insufficientCapacity, type Pool } from "./capacity-pools.ts";

/** What is known of a pool besides its name. */
export interface PoolFacts {
  /** Undefined where the type is not sold in the zone. */
  usdPerHour(pool: Pool): number | undefined;
  vcpus(instanceType: string): number;
  /** vCPUs that run now, by how they are paid for. */
  runningVcpus(capacityType: Pool["capacityType"]): number;
}

export interface PlannedLaunch {
  readonly template: FleetLaunchTemplate["launchTemplate"];
  readonly override: FleetOverride;
  readonly pool: Pool;
}

export interface FleetPlan {
  readonly launches: readonly PlannedLaunch[];
  readonly errors: readonly FleetError[];
}

/**
 * Which pools an instant fleet launches from: in the order of its allocation strategy, each as far as it has capacity,
 * until there are enough. The pools that gave too little, or nothing, are the errors.
 */
export function planFleet(request: FleetRequest, pools: CapacityPools, facts: PoolFacts): FleetPlan {
  const capacityType = poolType(request.capacityType);
  const candidates = request.launchTemplates.flatMap(({ launchTemplate, overrides }) =>
    overrides.map((override) => {
      const pool: Pool = { instanceType: override.instanceType, zone: override.zone, capacityType };
      return { template: launchTemplate, override, pool, usdPerHour: facts.usdPerHour(pool) };
    }),
  );
  const launches: PlannedLaunch[] = [];
  const errors: FleetError[] = [];
  const fail = ({ override }: { override: FleetOverride }, error: { code: string; message: string }) => {
    const { instanceType, zone, subnetId } = override;
    errors.push({
      code: error.code,
      message: error.message.slice(error.code.length + 2),
      instanceType,
      zone,
      subnetId,
    });
  };
  let plannedVcpus = 0;
  for (const candidate of candidates.sort(orderOf(request))) {
    const { pool } = candidate;
    const missing = request.count - launches.length;
    if (missing <= 0) break;
    if (candidate.usdPerHour === undefined) {
      fail(candidate, unsupported(pool));
      continue;
    }
    const vcpus = facts.vcpus(pool.instanceType);
    const limited = pools.limitError(pool, facts.runningVcpus(capacityType) + plannedVcpus, vcpus);
    if (limited) {
      fail(candidate, limited);
      continue;
    }
    const available = pools.available(pool, missing);
    for (let count = 0; count < available; count++) launches.push(candidate);
    plannedVcpus += vcpus * available;
    pools.take(pool, available);
    if (available < missing) fail(candidate, insufficientCapacity(pool));
  }
  return { launches, errors };
}

const poolType = (capacityType: CapacityType): Pool["capacityType"] => (capacityType === "spot" ? "spot" : "on-demand");

interface Candidate {
  readonly override: FleetOverride;
  readonly usdPerHour: number | undefined;
}

/** By priority where the strategy says so, then by price; ties by type and zone. */
function orderOf({ allocationStrategy }: FleetRequest): (a: Candidate, b: Candidate) => number {
  const prioritized = allocationStrategy?.includes("prioritized") ?? false;
  const priority = ({ override }: Candidate) => (prioritized ? (override.priority ?? Number.POSITIVE_INFINITY) : 0);
  const price = ({ usdPerHour }: Candidate) => usdPerHour ?? Number.MAX_VALUE;
  const name = ({ override }: Candidate) => `${override.instanceType}/${override.zone}`;
  return (a, b) => compare(priority(a), priority(b)) || compare(price(a), price(b)) || compare(name(a), name(b));
}

const compare = <T extends number | string>(left: T, right: T): number => (left < right ? -1 : left > right ? 1 : 0);

function unsupported(pool: Pool): { code: string; message: string } {
  const code = "Unsupported";
  const why = `Your requested instance type (${pool.instanceType}) is not supported in your requested Availability Zone (${pool.zone}).`;
  return { code, message: `${code}: ${why}` };
}
