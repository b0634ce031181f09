import { isObject, type JsonObject } from "../json-value.ts";
import { type Defaulter, fill, fillZero, within, withinAlways } from "./fill.ts";
import { roundResourceList } from "./resource-list.ts";
import { volumeSourceDefaults } from "./volume.ts";

export const persistentVolumeDefaults: Defaulter = (volume) => {
  const spec: JsonObject = isObject(volume["spec"]) ? volume["spec"] : {};
  const filled = within(
    volumeSourceDefaults(
      fill(fillZero(spec, { persistentVolumeReclaimPolicy: "Retain" }), { volumeMode: "Filesystem" }),
    ),
    "capacity",
    roundResourceList,
  );
  const withSpec = filled === volume["spec"] ? volume : { ...volume, spec: filled };
  return withinAlways(withSpec, "status", (status) => fillZero(status, { phase: "Pending" }));
};
