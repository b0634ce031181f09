import { isObject, type JsonObject } from "../json-value.ts";
import { type Defaulter, fill, fillZero, within, withinEach } from "./fill.ts";
import { pullPolicyOf } from "./image-name.ts";
import { claimSpecDefaults } from "./persistent-volume-claim.ts";

/** 0644: what files of config maps, secrets and projections may be read by. */
const fileMode = 0o644;

const fieldRefs: Defaulter = (source) =>
  withinEach(source, "items", (item) =>
    within(item, "fieldRef", (fieldRef) => fillZero(fieldRef, { apiVersion: "v1" })),
  );

const sources: Readonly<Record<string, Defaulter>> = {
  hostPath: (source) => fill(source, { type: "" }),
  secret: (source) => fill(source, { defaultMode: fileMode }),
  configMap: (source) => fill(source, { defaultMode: fileMode }),
  downwardAPI: (source) => fieldRefs(fill(source, { defaultMode: fileMode })),
  projected: (source) => withinEach(fill(source, { defaultMode: fileMode }), "sources", projectionDefaults),
  ephemeral: (source) =>
    within(source, "volumeClaimTemplate", (template) => within(template, "spec", claimSpecDefaults)),
  image: (source) =>
    fillZero(source, { pullPolicy: pullPolicyOf(typeof source["reference"] === "string" ? source["reference"] : "") }),
  iscsi: (source) => fillZero(source, { iscsiInterface: "default" }),
  rbd: (source) => fillZero(source, { pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" }),
  azureDisk: (source) => fill(source, { cachingMode: "ReadWrite", fsType: "ext4", readOnly: false, kind: "Shared" }),
  scaleIO: (source) => fillZero(source, { storageMode: "ThinProvisioned", fsType: "xfs" }),
};

const projectionDefaults: Defaulter = (projection) =>
  within(within(projection, "downwardAPI", fieldRefs), "serviceAccountToken", (token) =>
    fill(token, { expirationSeconds: 3600 }),
  );

/** A volume with no source is an empty directory. */
export function volumeDefaults(volume: JsonObject): JsonObject {
  for (const name in volume) {
    if (name === "name" || !isObject(volume[name])) continue;
    const defaults = sources[name];
    return defaults ? within(volume, name, defaults) : volume;
  }
  return { ...volume, emptyDir: {} };
}

/** The sources that persistent volumes share with pods' volumes. */
export function volumeSourceDefaults(spec: JsonObject): JsonObject {
  let result = spec;
  for (const name of ["hostPath", "iscsi", "rbd", "azureDisk", "scaleIO"])
    result = within(result, name, sources[name] as Defaulter);
  return result;
}
