import type { Instant } from "@bellows/kube";

/** How long a pool that had no capacity is left alone (Karpenter's `UnavailableOfferingsTTL`). */
export const unavailableOfferingsTtlMs = 3 * 60_000;

/** Pools (instance type, zone, capacity type) of which EC2 lately had none. */
export class UnavailableOfferings {
  readonly #until = new Map<string, Instant>();
  /** Rises when anything is added, for caches of what follows from it. */
  #version = 0;

  get version(): number {
    return this.#version;
  }

  mark(instanceType: string, zone: string, capacityType: string, now: Instant): void {
    for (const [pool, until] of this.#until) if (until <= now) this.#until.delete(pool);
    this.#until.set(poolId(instanceType, zone, capacityType), now + unavailableOfferingsTtlMs);
    this.#version++;
  }

  has(instanceType: string, zone: string, capacityType: string, now: Instant): boolean {
    const until = this.#until.get(poolId(instanceType, zone, capacityType));
    return until !== undefined && until > now;
  }

  /** When the next of them is worth a try again; undefined where there are none. */
  nextExpiry(now: Instant): Instant | undefined {
    const times = [...this.#until.values()].filter((until) => until > now);
    return times.length > 0 ? Math.min(...times) : undefined;
  }
}

const poolId = (...parts: readonly string[]): string => parts.join("/");
