import type { Amounts } from "@bellows/aws";
import type { Requirement } from "./requirement.ts";
import { hasMinValues, type Requirements } from "./requirements.ts";

/** A kind of node that can be launched: what it is like, what it has, where it is sold and for how much. */
export interface InstanceType {
  readonly name: string;
  /** Labels as requirements, also of zone and capacity type: every value that an offering has. */
  readonly requirements: Requirements;
  readonly capacity: Amounts;
  readonly allocatable: Amounts;
  readonly offerings: readonly Offering[];
}

export interface Offering {
  /** Zone, capacity type and whatever else a launch decides, by label. */
  readonly labels: Readonly<Record<string, string>>;
  readonly zone: string;
  readonly capacityType: string;
  readonly usdPerHour: number;
  /** False while the pool is known to have no capacity. */
  readonly available: boolean;
}

/** Whether an offering is among what `requirements` leave open. Labels that they do not mention are free. */
export function offeringFits(offering: Offering, requirements: Requirements): boolean {
  for (const label in offering.labels) {
    const requirement = requirements.get(label);
    if (requirement && !requirement.has(offering.labels[label] as string)) return false;
  }
  return true;
}

export function hasOffering(type: InstanceType, requirements: Requirements): boolean {
  return type.offerings.some((offering) => offering.available && offeringFits(offering, requirements));
}

/** The lowest price of what can be launched; Infinity for nothing. */
export function cheapestPrice(type: InstanceType, requirements: Requirements): number {
  let price = Number.POSITIVE_INFINITY;
  for (const offering of type.offerings) {
    if (offering.usdPerHour < price && offering.available && offeringFits(offering, requirements)) {
      price = offering.usdPerHour;
    }
  }
  return price;
}

/** Cheapest first, then by name. */
export function orderByPrice(types: readonly InstanceType[], requirements: Requirements): InstanceType[] {
  return types
    .map((type) => ({ type, price: cheapestPrice(type, requirements) }))
    .sort((a, b) => a.price - b.price || (a.type.name < b.type.name ? -1 : 1))
    .map(({ type }) => type);
}

/** Keys of which fewer different values are left than `minValues` asks, with how many there are. */
export function unmetMinValues(
  types: readonly InstanceType[],
  requirements: Requirements,
): ReadonlyMap<string, number> {
  const unmet = new Map<string, number>();
  if (!hasMinValues(requirements)) return unmet;
  for (const requirement of requirements.values()) {
    if (requirement.minValues === undefined) continue;
    const values = valuesOf(types, requirement);
    if (values < requirement.minValues) unmet.set(requirement.key, values);
  }
  return unmet;
}

function valuesOf(types: readonly InstanceType[], { key }: Requirement): number {
  const values = new Set<string>();
  for (const type of types) {
    for (const value of type.requirements.get(key)?.values ?? []) values.add(value);
  }
  return values.size;
}

/** The cheapest `most` types; undefined where so few cannot meet `minValues`. */
export function truncated(
  types: readonly InstanceType[],
  requirements: Requirements,
  most: number,
): readonly InstanceType[] | undefined {
  const cheapest = orderByPrice(types, requirements).slice(0, most);
  return unmetMinValues(cheapest, requirements).size === 0 ? cheapest : undefined;
}
