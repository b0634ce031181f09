import { type Defaulter, fill, fillZero, withinAlways } from "./fill.ts";

const csiDriverSpec: Defaulter = (spec) =>
  fillZero(
    fill(spec, {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: "ReadWriteOnceWithFSType",
      requiresRepublish: false,
      seLinuxMount: false,
    }),
    { volumeLifecycleModes: ["Persistent"] },
  );

export const storageDefaults: Readonly<Record<string, Defaulter>> = {
  StorageClass: (storageClass) => fill(storageClass, { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" }),
  CSIDriver: (driver) => withinAlways(driver, "spec", csiDriverSpec),
};
