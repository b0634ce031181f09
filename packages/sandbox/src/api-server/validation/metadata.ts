import type { ObjectMeta, OwnerReference } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import type { FieldErrors } from "./field-errors.ts";
import {
  dns1035LabelProblems,
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  labelValueProblems,
  pathSegmentProblems,
  qualifiedNameProblems,
} from "./formats.ts";

/** 256 KiB for all keys and values together. */
const maxAnnotationBytes = 256 * 1024;
const standardFinalizers = ["kubernetes", "orphan", "foregroundDeletion"];

/** What a kind's names have to look like; `prefix` for a generateName, to which random text will be added. */
export type NameRule = (name: string, prefix: boolean) => readonly string[];

export const subdomainName: NameRule = (name, prefix) => dns1123SubdomainProblems(prefix ? masked(name) : name);
/** Names of Services. */
export const dns1035Name: NameRule = (name, prefix) => dns1035LabelProblems(prefix ? masked(name) : name);
/** Names that may stand in a path: the least that is asked. */
export const anySegment: NameRule = (name) => pathSegmentProblems(name);
export const labelName: NameRule = (name, prefix) => dns1123LabelProblems(prefix ? masked(name) : name);

/** A trailing hyphen is fine where more text follows. */
export const masked = (name: string): string =>
  name.length > 1 && name.endsWith("-") ? `${name.slice(0, -1)}a` : name;

/** The metadata of an object that is created or updated. */
export function validateMetadata(
  errors: FieldErrors,
  metadata: ObjectMeta,
  namespaced: boolean,
  nameRule: NameRule,
  path = "metadata",
): void {
  const { name, generateName, namespace, generation, labels, annotations } = metadata;
  if (generateName) errors.invalidEach(`${path}.generateName`, generateName, nameRule(generateName, true));
  if (!name) errors.required(`${path}.name`, "name or generateName is required");
  else errors.invalidEach(`${path}.name`, name, nameRule(name, false));
  if (namespaced) {
    if (!namespace) errors.required(`${path}.namespace`);
    else errors.invalidEach(`${path}.namespace`, namespace, dns1123LabelProblems(namespace));
  } else if (namespace) errors.forbidden(`${path}.namespace`, "not allowed on this type");
  errors.nonNegative(`${path}.generation`, generation);
  validateLabels(errors, labels, `${path}.labels`);
  validateAnnotations(errors, annotations, `${path}.annotations`);
  validateOwnerReferences(errors, metadata.ownerReferences, `${path}.ownerReferences`);
  validateFinalizers(errors, metadata.finalizers, `${path}.finalizers`);
}

export function validateLabels(errors: FieldErrors, labels: Record<string, string> | undefined, path: string): void {
  for (const key in labels) {
    errors.invalidEach(path, key, qualifiedNameProblems(key));
    errors.invalidEach(path, labels[key], labelValueProblems(labels[key] as string));
  }
}

export function validateAnnotations(
  errors: FieldErrors,
  annotations: Record<string, string> | undefined,
  path: string,
): void {
  let bytes = 0;
  for (const key in annotations) {
    // Keys may be written in upper case here.
    errors.invalidEach(path, key, qualifiedNameProblems(key.toLowerCase()));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(annotations[key] as string);
  }
  if (bytes > maxAnnotationBytes) errors.tooLong(path, maxAnnotationBytes);
}

function validateOwnerReferences(
  errors: FieldErrors,
  owners: readonly OwnerReference[] | undefined,
  path: string,
): void {
  let controller: OwnerReference | undefined;
  for (const owner of owners ?? []) {
    const { apiVersion, kind, name, uid } = owner;
    const version = apiVersion?.slice(apiVersion.lastIndexOf("/") + 1);
    if (!version) errors.invalid(`${path}.apiVersion`, apiVersion ?? "", "version must not be empty");
    if (!kind) errors.invalid(`${path}.kind`, kind ?? "", "must not be empty");
    if (!name) errors.invalid(`${path}.name`, name ?? "", "must not be empty");
    if (!uid) errors.invalid(`${path}.uid`, uid ?? "", "must not be empty");
    if (apiVersion === "v1" && kind === "Event")
      errors.invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner");
    if (!owner.controller) continue;
    if (controller)
      errors.invalid(
        path,
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${controller.kind}/${controller.name} and ${kind}/${name}`,
      );
    controller = owner;
  }
}

function validateFinalizers(errors: FieldErrors, finalizers: readonly string[] | undefined, path: string): void {
  for (const finalizer of finalizers ?? []) {
    errors.invalidEach(path, finalizer, qualifiedNameProblems(finalizer));
  }
  if (finalizers?.includes("orphan") && finalizers.includes("foregroundDeletion"))
    errors.invalid(path, finalizers, `finalizer orphan and foregroundDeletion cannot be both set`);
}

/** What kinds of Kubernetes' own ask of finalizers beyond that; custom resources may have any name. */
export function validateOwnFinalizers(errors: FieldErrors, { finalizers = [] }: ObjectMeta): void {
  const problem = "name is neither a standard finalizer name nor is it fully qualified";
  finalizers.forEach((finalizer, index) => {
    if (!finalizer.includes("/") && !standardFinalizers.includes(finalizer))
      errors.invalid(`metadata.finalizers[${index}]`, finalizer, problem);
  });
}

/** What clients write in metadata. */
const userMetadata = ["labels", "annotations", "finalizers", "ownerReferences"] as const;

/** Whether a client has changed the metadata. */
export const changedByUsers = (metadata: ObjectMeta, old: ObjectMeta): boolean =>
  userMetadata.some((field) => metadata[field] !== old[field]);

/** What is asked of the metadata of every object that is changed, before its kind asks for more. */
export function validateCommonUpdate(
  errors: FieldErrors,
  metadata: ObjectMeta,
  old: ObjectMeta,
  namespaced: boolean,
): void {
  if (changedByUsers(metadata, old)) validateMetadata(errors, metadata, namespaced, anySegment);
  validateMetadataUpdate(errors, metadata, old);
}

/** The parts of metadata that never change once an object exists, and those that users change. */
export function validateMetadataUpdate(errors: FieldErrors, metadata: ObjectMeta, old: ObjectMeta): void {
  const path = "metadata";
  if (old.deletionTimestamp !== undefined) {
    const added = (metadata.finalizers ?? []).filter((finalizer) => !old.finalizers?.includes(finalizer));
    if (added.length)
      errors.forbidden(
        `${path}.finalizers`,
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((name) => JSON.stringify(name)).join(", ")}}`,
      );
  }
  if ((metadata.generation ?? 0) < (old.generation ?? 0))
    errors.invalid(`${path}.generation`, metadata.generation ?? 0, "must not be decremented");
  for (const field of [
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
  ] as const)
    if (!equalJson(metadata[field], old[field])) errors.immutable(`${path}.${field}`, metadata[field] ?? null);
  // What has not changed was fine when it was written.
  if (metadata.labels !== old.labels) validateLabels(errors, metadata.labels, `${path}.labels`);
  if (metadata.annotations !== old.annotations)
    validateAnnotations(errors, metadata.annotations, `${path}.annotations`);
  if (metadata.ownerReferences !== old.ownerReferences)
    validateOwnerReferences(errors, metadata.ownerReferences, `${path}.ownerReferences`);
}

/** The metadata of a template: what is taken over to the objects made from it. */
export function validateMetadataOfTemplate(
  errors: FieldErrors,
  metadata: Partial<ObjectMeta> | undefined,
  path: string,
): void {
  validateLabels(errors, metadata?.labels, `${path}.labels`);
  validateAnnotations(errors, metadata?.annotations, `${path}.annotations`);
}
