import { cloudError } from "@bellows/aws";

/** Errors in EC2's and Auto Scaling's own words. */
export const instanceNotFound = (ids: readonly string[]) =>
  cloudError(
    "InvalidInstanceID.NotFound",
    ids.length === 1
      ? `The instance ID '${ids[0]}' does not exist`
      : `The instance IDs '${ids.join(", ")}' do not exist`,
  );

export const insufficientAddresses = (subnetId: string) =>
  cloudError(
    "InsufficientFreeAddressesInSubnet",
    `There are not enough free addresses in subnet '${subnetId}' to satisfy the requested number of instances.`,
  );

export const groupNotFound = (name: string) =>
  cloudError("ValidationError", `AutoScalingGroup name not found - AutoScalingGroup '${name}' not found`);

export const parameterNotFound = (name: string) => cloudError("ParameterNotFound", `Parameter ${name} not found.`);

export const profileNotFound = (name: string) =>
  cloudError("NoSuchEntity", `Instance Profile ${name} cannot be found.`);

export const desiredOutside = (desired: number, bound: "min" | "max", limit: number) =>
  cloudError(
    "ValidationError",
    bound === "max"
      ? `New SetDesiredCapacity value ${desired} is above max value ${limit} for the AutoScalingGroup.`
      : `New SetDesiredCapacity value ${desired} is below min value ${limit} for the AutoScalingGroup.`,
  );

export const notManaged = (id: string) =>
  cloudError("ValidationError", `Instance Id not found - No managed instance found for instance ID: ${id}`);

export const belowMinSize = (minSize: number) =>
  cloudError(
    "ValidationError",
    `Currently, desiredSize equals minSize (${minSize}). Terminating instance without replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.`,
  );
