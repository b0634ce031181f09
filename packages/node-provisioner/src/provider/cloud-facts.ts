import { type Cloud, type InstanceTypeInfo, regionOfZone } from "@bellows/aws";
import type { Instant } from "@bellows/kube";

/** What the cloud sells: types, where, and for how much. */
export interface CloudFacts {
  readonly types: readonly InstanceTypeInfo[];
  /** Zones in which a type is sold. */
  readonly zones: ReadonlyMap<string, readonly string[]>;
  readonly onDemand: ReadonlyMap<string, number>;
  /** By `type/zone`. */
  readonly spot: ReadonlyMap<string, number>;
  /** Rises with every new reading. */
  readonly version: number;
}

/** How long an answer holds (Karpenter's `InstanceTypesZonesAndOfferingsTTL` and pricing updates are of this order). */
const typesTtlMs = 5 * 60_000;
const pricesTtlMs = 12 * 3_600_000;

/** Reads what the cloud sells, seldom. */
export class CloudFactsReader {
  readonly #cloud: Cloud;
  #facts: CloudFacts | undefined;
  #typesReadAt = 0;
  #pricesReadAt = 0;
  #reading: Promise<CloudFacts> | undefined;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  /** Those who ask while an answer is on its way share it. */
  async read(now: Instant): Promise<CloudFacts> {
    const facts = this.#facts;
    if (facts && now - this.#typesReadAt < typesTtlMs && now - this.#pricesReadAt < pricesTtlMs) return facts;
    this.#reading ??= this.#fresh(now).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #fresh(now: Instant): Promise<CloudFacts> {
    const { ec2, pricing, region } = this.#cloud;
    const before = this.#facts;
    const keepsPrices = before && now - this.#pricesReadAt < pricesTtlMs;
    const [types, offerings, onDemand, spot] = await Promise.all([
      ec2.describeInstanceTypes(),
      ec2.describeInstanceTypeOfferings(),
      keepsPrices ? before.onDemand : pricing.onDemandPrices(),
      keepsPrices ? before.spot : pricing.spotPrices().then(byPool),
    ]);
    const zones = new Map<string, string[]>();
    for (const { instanceType, zone } of offerings) {
      if (regionOfZone(zone) !== region) continue;
      const list = zones.get(instanceType);
      if (list) list.push(zone);
      else zones.set(instanceType, [zone]);
    }
    for (const list of zones.values()) list.sort();
    this.#typesReadAt = now;
    if (!keepsPrices) this.#pricesReadAt = now;
    this.#facts = { types, zones, onDemand, spot, version: (before?.version ?? 0) + 1 };
    return this.#facts;
  }
}

const byPool = (prices: readonly { instanceType: string; zone: string; usdPerHour: number }[]) =>
  new Map(prices.map(({ instanceType, zone, usdPerHour }) => [`${instanceType}/${zone}`, usdPerHour]));
