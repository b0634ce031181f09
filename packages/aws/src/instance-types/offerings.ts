import type { CatalogueEntry } from "./catalogue.ts";
import { spotUsdPerHour } from "./spot-price.ts";
import { zoneId, zoneName } from "./zones.ts";

/** A pool that an instance can be launched from, with its price in USD an hour. */
export interface Offering {
  readonly zone: string;
  readonly zoneId: string;
  readonly capacityType: "spot" | "on-demand";
  readonly usdPerHour: number;
}

/** Every pool of a type in `region`: by zone, on-demand before spot; none where it is not sold there. */
export function offeringsOf(entry: CatalogueEntry, region: string): readonly Offering[] {
  return [...(entry.zoneLetters[region] ?? "")].flatMap((letter) => {
    const zone = zoneName(region, letter);
    return entry.capacityTypes.map((capacityType) => ({
      zone,
      zoneId: zoneId(zone),
      capacityType,
      usdPerHour: capacityType === "spot" ? spotUsdPerHour(entry, zone) : entry.onDemandUsdPerHour,
    }));
  });
}
