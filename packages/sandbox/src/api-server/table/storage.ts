import type {
  CSIDriver,
  CSINode,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from "@bellows/api";
import { ageColumn, boolean, columnsFormat, integer, nameColumn, text, wide } from "./columns.ts";

const modeLetters: readonly (readonly [string, string])[] = [
  ["ReadWriteOnce", "RWO"],
  ["ReadOnlyMany", "ROX"],
  ["ReadWriteMany", "RWX"],
  ["ReadWriteOncePod", "RWOP"],
];
const accessModes = (modes: readonly string[] | undefined) =>
  modeLetters
    .filter(([mode]) => modes?.includes(mode))
    .map(([, letters]) => letters)
    .join(",");

const classAnnotation = "volume.beta.kubernetes.io/storage-class";
const defaultClassAnnotations = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];

const phaseOf = (object: { metadata: { deletionTimestamp?: string }; status?: { phase?: string } }) =>
  object.metadata.deletionTimestamp ? "Terminating" : (object.status?.phase ?? "");

export const persistentVolumeFormat = columnsFormat<PersistentVolume>([
  nameColumn,
  text("Capacity", (o) => o.spec?.capacity?.storage ?? "0"),
  text("Access Modes", (o) => accessModes(o.spec?.accessModes)),
  text("Reclaim Policy", (o) => o.spec?.persistentVolumeReclaimPolicy ?? ""),
  text("Status", phaseOf),
  text("Claim", (o) => (o.spec?.claimRef ? `${o.spec?.claimRef.namespace ?? ""}/${o.spec?.claimRef.name ?? ""}` : "")),
  text("StorageClass", (o) => o.metadata.annotations?.[classAnnotation] ?? o.spec?.storageClassName ?? ""),
  text("VolumeAttributesClass", (o) => o.spec?.volumeAttributesClassName ?? "<unset>"),
  text("Reason", (o) => o.status?.reason ?? ""),
  ageColumn,
  wide("VolumeMode", (o) => o.spec?.volumeMode ?? "<unset>"),
]);

export const persistentVolumeClaimFormat = columnsFormat<PersistentVolumeClaim>([
  nameColumn,
  text("Status", phaseOf),
  text("Volume", (o) => o.spec?.volumeName ?? ""),
  text("Capacity", (o) => (o.spec?.volumeName ? (o.status?.capacity?.storage ?? "0") : "")),
  text("Access Modes", (o) => (o.spec?.volumeName ? accessModes(o.status?.accessModes) : "")),
  text("StorageClass", (o) => o.metadata.annotations?.[classAnnotation] ?? o.spec?.storageClassName ?? ""),
  text("VolumeAttributesClass", (o) => o.spec?.volumeAttributesClassName ?? "<unset>"),
  ageColumn,
  wide("VolumeMode", (o) => o.spec?.volumeMode ?? "<unset>"),
]);

export const storageClassFormat = columnsFormat<StorageClass>([
  {
    ...nameColumn,
    cell: (o) =>
      defaultClassAnnotations.some((annotation) => o.metadata.annotations?.[annotation] === "true")
        ? `${o.metadata.name} (default)`
        : o.metadata.name,
  },
  text("Provisioner", (o) => o.provisioner),
  text("ReclaimPolicy", (o) => o.reclaimPolicy ?? "Delete"),
  text("VolumeBindingMode", (o) => o.volumeBindingMode ?? "Immediate"),
  text("AllowVolumeExpansion", (o) => o.allowVolumeExpansion ?? false),
  ageColumn,
]);

export const volumeAttributesClassFormat = columnsFormat<VolumeAttributesClass>([
  nameColumn,
  text("DriverName", (o) => o.driverName),
  ageColumn,
]);

export const volumeAttachmentFormat = columnsFormat<VolumeAttachment>([
  nameColumn,
  { name: "Attacher", format: "name", cell: (o) => o.spec?.attacher ?? "" },
  text("PV", (o) => o.spec?.source.persistentVolumeName ?? ""),
  text("Node", (o) => o.spec?.nodeName ?? ""),
  boolean("Attached", (o) => o.status?.attached ?? false),
  ageColumn,
]);

export const csiNodeFormat = columnsFormat<CSINode>([
  nameColumn,
  integer("Drivers", (o) => o.spec?.drivers?.length ?? 0),
  ageColumn,
]);

export const csiDriverFormat = columnsFormat<CSIDriver>([
  nameColumn,
  boolean("AttachRequired", (o) => o.spec?.attachRequired ?? true),
  boolean("PodInfoOnMount", (o) => o.spec?.podInfoOnMount ?? false),
  boolean("StorageCapacity", (o) => o.spec?.storageCapacity ?? false),
  text("TokenRequests", (o) => o.spec?.tokenRequests?.map(({ audience }) => audience).join(",") ?? "<unset>"),
  boolean("RequiresRepublish", (o) => o.spec?.requiresRepublish ?? false),
  text("Modes", (o) => (o.spec?.volumeLifecycleModes ?? []).join(",") || "<none>"),
  ageColumn,
]);
