import type { PersistentVolumeClaim, StorageClass } from "@bellows/api";
import { type AdmissionPlugin, type AdmissionWorld, isFor, typed, untyped } from "./admission-request.ts";

const defaultAnnotations = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];
const classAnnotation = "volume.beta.kubernetes.io/storage-class";

/** Gives claims that name no class the default one; `""` means "no class" and is left alone. */
export const defaultStorageClass: AdmissionPlugin = {
  name: "DefaultStorageClass",
  mutate(request, world) {
    if (!isFor(request, "/persistentvolumeclaims") || request.operation !== "CREATE" || !request.object)
      return request.object;
    const claim = typed<PersistentVolumeClaim>(request.object);
    const named =
      claim.spec?.storageClassName !== undefined || claim.metadata.annotations?.[classAnnotation] !== undefined;
    const chosen = named ? undefined : defaultClass(world);
    if (!chosen) return request.object;
    return untyped({ ...claim, spec: { ...claim.spec, storageClassName: chosen.metadata.name } });
  },
};

/** The newest of the classes marked as default; of those the first by name. */
function defaultClass(world: AdmissionWorld): StorageClass | undefined {
  const created = (one: StorageClass) => one.metadata.creationTimestamp ?? "";
  return world
    .list("storage.k8s.io/storageclasses")
    .map((object) => typed<StorageClass>(object))
    .filter(({ metadata }) => defaultAnnotations.some((name) => metadata.annotations?.[name] === "true"))
    .sort((a, b) =>
      created(a) === created(b) ? (a.metadata.name < b.metadata.name ? -1 : 1) : created(a) > created(b) ? -1 : 1,
    )[0];
}

const protections: Readonly<Record<string, string>> = {
  "/persistentvolumes": "kubernetes.io/pv-protection",
  "/persistentvolumeclaims": "kubernetes.io/pvc-protection",
};

/** Puts the finalizer on volumes and claims that keeps them while they are in use. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  mutate(request) {
    const { object, operation, group, resource } = request;
    const finalizer = protections[`${group}/${resource}`];
    if (!finalizer || !object || operation !== "CREATE" || request.subresource !== undefined) return object;
    const finalizers = object.metadata.finalizers ?? [];
    if (finalizers.includes(finalizer)) return object;
    return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] } };
  },
};
