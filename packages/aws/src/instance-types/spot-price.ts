import type { CatalogueEntry } from "./catalogue.ts";

/** Spot costs between these shares of the on-demand price. */
const lowestShare = 0.28;
const highestShare = 0.48;

/**
 * A made-up but steady spot price, where no real one is at hand: a share of the on-demand price that depends on the pool
 * (type and zone) only, so that prices differ between pools and never between runs. Rounded to 4 decimals, as EC2 does.
 */
export function spotUsdPerHour(entry: Pick<CatalogueEntry, "name" | "onDemandUsdPerHour">, zone: string): number {
  const share = lowestShare + (highestShare - lowestShare) * fractionOf(`${entry.name}/${zone}`);
  return Math.round(entry.onDemandUsdPerHour * share * 10_000) / 10_000;
}

/** A number in [0, 1) from a text (FNV-1a with a final mix). */
function fractionOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
