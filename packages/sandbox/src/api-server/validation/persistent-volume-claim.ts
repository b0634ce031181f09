import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from "@bellows/api";
import { compareQuantities } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import type { FieldErrors } from "./field-errors.ts";
import { dns1123SubdomainProblems } from "./formats.ts";
import { validateLabelSelector } from "./label-selector.ts";
import { specDiff } from "./spec-diff.ts";

export const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

export function validateClaimSpec(
  errors: FieldErrors,
  spec: PersistentVolumeClaimSpec | undefined,
  path: string,
): void {
  const modes = spec?.accessModes ?? [];
  if (!modes.length) errors.required(`${path}.accessModes`, "at least 1 access mode is required");
  validateLabelSelector(errors, spec?.selector, `${path}.selector`);
  for (const mode of modes) errors.oneOf(`${path}.accessModes`, mode, accessModes);
  if (modes.includes("ReadWriteOncePod") && modes.length > 1)
    errors.forbidden(`${path}.accessModes`, "may not use ReadWriteOncePod with other access modes");
  const storage = spec?.resources?.requests?.["storage"];
  if (storage === undefined) errors.required(`${path}.resources[storage]`);
  else if (compareQuantities(storage, "0") <= 0)
    errors.invalid(`${path}.resources[storage]`, storage, "must be greater than zero");
  if (spec?.storageClassName)
    errors.invalidEach(
      `${path}.storageClassName`,
      spec.storageClassName,
      dns1123SubdomainProblems(spec.storageClassName),
    );
  if (spec?.volumeMode !== undefined) errors.oneOf(`${path}.volumeMode`, spec.volumeMode, ["Block", "Filesystem"]);
}

/** Once a claim is bound only its size may grow; before, a default class and a volume may be filled in. */
export function validateClaimUpdate(
  errors: FieldErrors,
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
): void {
  const next = { ...claim.spec };
  const previous = { ...old.spec };
  if (!previous.volumeName && next.volumeName) delete next.volumeName;
  if (previous.storageClassName === undefined && next.storageClassName !== undefined) delete next.storageClassName;
  if (next.volumeAttributesClassName !== previous.volumeAttributesClassName) {
    delete next.volumeAttributesClassName;
    delete previous.volumeAttributesClassName;
  }
  const size = next.resources?.requests?.["storage"];
  const oldSize = previous.resources?.requests?.["storage"];
  const resized = size !== undefined && oldSize !== undefined && size !== oldSize;
  if (resized && old.status?.phase === "Bound") {
    if (compareQuantities(size, oldSize) < 0)
      errors.forbidden("spec.resources.requests.storage", "field can not be less than previous value");
    next.resources = { ...next.resources, requests: { ...next.resources?.requests, storage: oldSize } };
  }
  if (!equalJson(next, previous))
    errors.forbidden(
      "spec",
      `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${specDiff(previous, next)}`,
    );
}
