import { type Defaulter, fill, fillZero, within, withinAlways } from "./fill.ts";
import { resourceDefaults } from "./resource-list.ts";

export const claimSpecDefaults: Defaulter = (spec) =>
  within(fill(spec, { volumeMode: "Filesystem" }), "resources", resourceDefaults);

export const persistentVolumeClaimDefaults: Defaulter = (claim) => {
  const withSpec = withinAlways(claim, "spec", claimSpecDefaults);
  return withinAlways(withSpec, "status", (status) => fillZero(status, { phase: "Pending" }));
};
