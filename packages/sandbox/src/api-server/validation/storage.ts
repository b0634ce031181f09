import type { PersistentVolume, StorageClass } from "@bellows/api";
import { compareQuantities } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import type { FieldErrors } from "./field-errors.ts";
import { dns1123SubdomainProblems, qualifiedNameProblems } from "./formats.ts";
import { accessModes } from "./persistent-volume-claim.ts";
import { validateNodeSelectorTerm } from "./scheduling.ts";
import { specDiff } from "./spec-diff.ts";

const notSources = new Set([
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
]);

export function validatePersistentVolume(errors: FieldErrors, volume: PersistentVolume): void {
  const spec = volume.spec ?? {};
  const modes = spec.accessModes ?? [];
  if (!modes.length) errors.required("spec.accessModes");
  for (const mode of modes) errors.oneOf("spec.accessModes", mode, accessModes);
  if (modes.includes("ReadWriteOncePod") && modes.length > 1)
    errors.forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes");
  const capacity = spec.capacity ?? {};
  const names = Object.keys(capacity);
  if (!names.length) errors.required("spec.capacity");
  if (!("storage" in capacity) || names.length > 1)
    errors.notSupported("spec.capacity", spec.capacity ? sorted(spec.capacity) : null, ["storage"]);
  for (const name of names)
    if (compareQuantities(capacity[name] as string, "0") <= 0)
      errors.invalid(`spec.capacity[${name}]`, capacity[name], "must be greater than zero");
  if (spec.persistentVolumeReclaimPolicy)
    errors.oneOf("spec.persistentVolumeReclaimPolicy", spec.persistentVolumeReclaimPolicy, [
      "Delete",
      "Recycle",
      "Retain",
    ]);
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms;
  if (spec.nodeAffinity && !spec.nodeAffinity.required)
    errors.required("spec.nodeAffinity.required", "must specify required node constraints");
  terms?.forEach((term, index) => {
    validateNodeSelectorTerm(errors, term, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`);
  });
  const sources = Object.keys(spec).filter((key) => !notSources.has(key));
  if (!sources.length) errors.required("spec", "must specify a volume type");
  sources.slice(1).forEach((source) => {
    errors.forbidden(`spec.${source}`, "may not specify more than 1 volume type");
  });
  if (spec.local && !terms?.length) errors.required("spec.nodeAffinity", "Local volume requires node affinity");
  if (spec.csi && !spec.csi.volumeHandle) errors.required("spec.csi.volumeHandle");
  if (spec.storageClassName)
    errors.invalidEach("spec.storageClassName", spec.storageClassName, dns1123SubdomainProblems(spec.storageClassName));
  if (spec.volumeMode !== undefined) errors.oneOf("spec.volumeMode", spec.volumeMode, ["Block", "Filesystem"]);
}

const sorted = (list: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(list).sort());

export function validatePersistentVolumeUpdate(
  errors: FieldErrors,
  volume: PersistentVolume,
  old: PersistentVolume,
): void {
  const source = (spec: object | undefined) =>
    Object.fromEntries(Object.entries(spec ?? {}).filter(([key]) => !notSources.has(key)));
  if (!equalJson(source(volume.spec), source(old.spec)))
    errors.forbidden(
      "spec.persistentvolumesource",
      `spec.persistentvolumesource is immutable after creation\n${specDiff(source(old.spec), source(volume.spec))}`,
    );
  if (volume.spec?.volumeMode !== old.spec?.volumeMode) errors.immutable("volumeMode", volume.spec?.volumeMode ?? null);
  if (old.spec?.nodeAffinity && !equalJson(volume.spec?.nodeAffinity, old.spec.nodeAffinity))
    errors.immutable("nodeAffinity", volume.spec?.nodeAffinity ?? null);
}

export function validateStorageClass(errors: FieldErrors, storageClass: StorageClass): void {
  const { provisioner, parameters, reclaimPolicy, volumeBindingMode } = storageClass;
  if (!provisioner) errors.required("provisioner");
  else errors.invalidEach("provisioner", provisioner.toLowerCase(), qualifiedNameProblems(provisioner.toLowerCase()));
  for (const key in parameters) if (!key) errors.invalid("parameters", key, "field can not be empty.");
  if (reclaimPolicy) errors.oneOf("reclaimPolicy", reclaimPolicy, ["Delete", "Retain"]);
  if (volumeBindingMode === undefined) errors.required("volumeBindingMode");
  else errors.oneOf("volumeBindingMode", volumeBindingMode, ["Immediate", "WaitForFirstConsumer"]);
}

export function validateStorageClassUpdate(errors: FieldErrors, storageClass: StorageClass, old: StorageClass): void {
  for (const field of ["parameters", "provisioner", "reclaimPolicy"] as const)
    if (!equalJson(storageClass[field], old[field])) errors.forbidden(field, `updates to ${field} are forbidden.`);
  if (storageClass.volumeBindingMode !== old.volumeBindingMode)
    errors.immutable("volumeBindingMode", storageClass.volumeBindingMode ?? null);
}
