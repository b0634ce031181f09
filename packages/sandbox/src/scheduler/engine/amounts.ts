import { bytesOf, milliOf } from "@bellows/api";

/** An amount of a resource in the unit the scheduler counts it in: milli-cores of cpu, else whole units; rounded up. */
export const amountOf = (resource: string, quantity: string | number): number =>
  resource === "cpu" ? milliOf(quantity) : bytesOf(quantity);
