import type { EC2NodeClass, NodeClaim } from "@bellows/api";
import { type Amounts, amountsOf } from "@bellows/aws";
import { hasOffering, type InstanceType, offeringFits, orderByPrice } from "../engine/instance-type.ts";
import { fits } from "../engine/pod-requests.ts";
import { Requirement, type RequirementFields } from "../engine/requirement.ts";
import { intersects, type Requirements, requirementsOf } from "../engine/requirements.ts";
import { capacityTypeLabel } from "../engine/well-known-labels.ts";

/** Instance types that a fleet request names at most. */
const maxInstanceTypes = 60;

/** What a claim can be launched as, at the moment of its launch. */
export interface LaunchOptions {
  readonly capacityType: "spot" | "on-demand";
  /** Cheapest first. */
  readonly instanceTypes: readonly InstanceType[];
  /** The claim's, with the capacity type decided. */
  readonly requirements: Requirements;
}

export const claimRequirements = (claim: NodeClaim): Requirements =>
  requirementsOf(claim.spec.requirements as readonly RequirementFields[]);

/**
 * The instance types of a claim that can still be had: that meet its requirements, have room for its requests, and are
 * sold where it may be. Spot is taken where the claim allows it and any of them has it. Metal and GPU types are left out
 * where others do, and so are spot types that cost more than the cheapest on demand would. Undefined for none.
 */
export function launchOptions(claim: NodeClaim, types: readonly InstanceType[]): LaunchOptions | undefined {
  const requirements = claimRequirements(claim);
  const requests: Amounts = amountsOf(claim.spec.resources?.requests);
  let possible = types.filter(
    (type) =>
      intersects(type.requirements, requirements) &&
      fits(requests, type.allocatable) &&
      hasOffering(type, requirements),
  );
  possible = plainOnes(possible, requirements);
  if (possible.length === 0) return undefined;
  const sells = (capacityType: string) => {
    const wanted = decided(requirements, capacityType);
    return wanted !== undefined && possible.some((type) => hasOffering(type, wanted));
  };
  const capacityType = sells("spot") ? "spot" : "on-demand";
  const chosen = decided(requirements, capacityType);
  if (!chosen) return undefined;
  const sold = possible.filter((type) => hasOffering(type, chosen));
  const sensible = capacityType === "spot" ? cheaperThanOnDemand(sold, requirements, chosen) : sold;
  return {
    capacityType,
    instanceTypes: orderByPrice(sensible, chosen).slice(0, maxInstanceTypes),
    requirements: chosen,
  };
}

function decided(requirements: Requirements, capacityType: string): Requirements | undefined {
  const allowed = requirements.get(capacityTypeLabel);
  if (allowed && !allowed.has(capacityType)) return undefined;
  return new Map([...requirements, [capacityTypeLabel, Requirement.in(capacityTypeLabel, [capacityType])]]);
}

/** Without metal and accelerators, unless nothing else is left or a minimum of choice was asked for. */
function plainOnes(types: readonly InstanceType[], requirements: Requirements): InstanceType[] {
  if ([...requirements.values()].some((requirement) => requirement.minValues !== undefined)) return [...types];
  const plain = types.filter(
    ({ name, capacity }) =>
      !name.includes("metal") && !exoticResources.some((resource) => (capacity[resource] ?? 0) > 0),
  );
  return plain.length > 0 ? plain : [...types];
}

const exoticResources = ["nvidia.com/gpu", "amd.com/gpu", "habana.ai/gaudi", "aws.amazon.com/neuron"];

/** Spot pools dearer than the cheapest on-demand pool that the claim allows are no bargain. */
function cheaperThanOnDemand(
  types: readonly InstanceType[],
  requirements: Requirements,
  spot: Requirements,
): readonly InstanceType[] {
  const priceOf = (type: InstanceType, within: Requirements, capacityType: string) =>
    Math.min(
      ...type.offerings
        .filter((one) => one.available && one.capacityType === capacityType && offeringFits(one, within))
        .map((one) => one.usdPerHour),
    );
  const onDemand = Math.min(...types.map((type) => priceOf(type, requirements, "on-demand")));
  const cheaper = types.filter((type) => priceOf(type, spot, "spot") <= onDemand);
  return cheaper.length > 0 ? cheaper : types;
}

/** The image for each instance type: the first of the node class whose requirements the type meets. */
export function imagesFor(
  nodeClass: EC2NodeClass,
  types: readonly InstanceType[],
): ReadonlyMap<string, readonly InstanceType[]> {
  const images = (nodeClass.status?.amis ?? []).map((ami) => ({
    id: ami.id,
    requirements: requirementsOf(ami.requirements as readonly RequirementFields[]),
  }));
  const byImage = new Map<string, InstanceType[]>();
  for (const type of types) {
    const image = images.find(({ requirements }) => intersects(type.requirements, requirements));
    if (!image) continue;
    const list = byImage.get(image.id);
    if (list) list.push(type);
    else byImage.set(image.id, [type]);
  }
  return byImage;
}
