import { cloudError } from "@bellows/aws";

/** A pool of capacity: instances of a type in a zone, on demand or spot. */
export interface Pool {
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: "on-demand" | "spot";
}

/** What has run out, or is limited. Fields that are left out match everything; `*` in a type or zone matches any text. */
export interface CapacityRule extends Partial<Pool> {
  /** Launches that are still possible; 0 for none. */
  readonly remaining: number;
}

export interface AccountLimits {
  /** vCPUs of all running on-demand instances. */
  readonly onDemandVcpus?: number;
  /** vCPUs of all running spot instances. */
  readonly spotVcpus?: number;
}

/** What EC2 can launch at present. Everything, unless a rule or a limit says otherwise. */
export class CapacityPools {
  readonly #rules: { match: Partial<Pool>; remaining: number }[] = [];
  limits: AccountLimits;

  constructor(rules: readonly CapacityRule[] = [], limits: AccountLimits = {}) {
    this.limits = limits;
    for (const rule of rules) this.set(rule);
  }

  /** Adds a rule; a later one takes the place of an earlier one with the same match. */
  set({ remaining, ...match }: CapacityRule): void {
    this.clear(match);
    this.#rules.push({ match, remaining });
  }

  /** Takes away the rules with exactly this match. */
  clear(match: Partial<Pool>): void {
    const same = (rule: { match: Partial<Pool> }) =>
      rule.match.instanceType === match.instanceType &&
      rule.match.zone === match.zone &&
      rule.match.capacityType === match.capacityType;
    for (let index = this.#rules.length - 1; index >= 0; index--) {
      const rule = this.#rules[index];
      if (rule && same(rule)) this.#rules.splice(index, 1);
    }
  }

  /** How many instances the pool gives now, at most `count`. */
  available(pool: Pool, count: number): number {
    return this.#rules
      .filter(({ match }) => matches(match, pool))
      .reduce((least, rule) => Math.min(least, rule.remaining), count);
  }

  take(pool: Pool, count: number): void {
    for (const rule of this.#rules) if (matches(rule.match, pool)) rule.remaining = Math.max(0, rule.remaining - count);
  }

  /** Why `vcpus` more cannot be had, where the account's limit is reached. */
  limitError(pool: Pool, running: number, vcpus: number) {
    const spot = pool.capacityType === "spot";
    const limit = spot ? this.limits.spotVcpus : this.limits.onDemandVcpus;
    if (limit === undefined || running + vcpus <= limit) return undefined;
    return spot
      ? cloudError("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
      : cloudError(
          "VcpuLimitExceeded",
          `You have requested more vCPU capacity than your current vCPU limit of ${limit} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
        );
  }
}

const matches = (match: Partial<Pool>, pool: Pool): boolean =>
  fits(match.instanceType, pool.instanceType) &&
  fits(match.zone, pool.zone) &&
  (match.capacityType ?? pool.capacityType) === pool.capacityType;

const fits = (pattern: string | undefined, text: string): boolean =>
  pattern === undefined || pattern === text || (pattern.endsWith("*") && text.startsWith(pattern.slice(0, -1)));

/** EC2's own words. */
export const insufficientCapacity = (pool: Pool) =>
  pool.capacityType === "spot"
    ? cloudError(
        "UnfulfillableCapacity",
        "Unable to fulfill capacity due to your request configuration. Please adjust your request and try again.",
      )
    : cloudError(
        "InsufficientInstanceCapacity",
        `We currently do not have sufficient ${pool.instanceType} capacity in the Availability Zone you requested (${pool.zone}). Our system will be working on provisioning additional capacity. You can currently get ${pool.instanceType} capacity by not specifying an Availability Zone in your request or choosing another zone.`,
      );
