import type { GroupVersionKind } from "../defaults/index.ts";

/**
 * What the rules of a kind look at when an object is changed, in their order: what a change may have changed in the
 * metadata, the metadata as a whole, the object, and what a change may not. What is wrong is told as often as it is seen.
 */
export type Look = "changed metadata" | "whole metadata" | "object" | "change";

export interface Looks {
  readonly onChange: readonly Look[];
  /** A write of the status has its metadata looked at once more by the kind's own rules; default true. */
  readonly onStatus?: boolean;
  /** Finalizers must be standard ones or qualified names; default true. */
  readonly atFinalizers?: boolean;
}

const plain: Looks = { onChange: ["changed metadata", "object", "change"] };
const changeFirst: Looks = { onChange: ["changed metadata", "change", "object"] };
const changeBeforeWhole: Looks = { onChange: ["changed metadata", "change", "whole metadata", "object"] };
const wholeAfter: Looks = { onChange: ["changed metadata", "whole metadata", "object", "change"] };
const wholeBefore: Looks = { onChange: ["whole metadata", "object", "changed metadata", "change"] };
const wholeOnly: Looks = { onChange: ["whole metadata", "object", "change"] };
const wholeTwice: Looks = { onChange: ["whole metadata", "object", "whole metadata", "object", "change"] };
/** Only what is asked of every object is asked of the metadata. */
const unlooked: Looks = { onChange: ["object", "change"], onStatus: false, atFinalizers: false };
const anyFinalizer = (looks: Looks): Looks => ({ ...looks, atFinalizers: false });

const looksOf: readonly [Looks, readonly string[]][] = [
  [changeFirst, ["/Service"]],
  [changeBeforeWhole, ["/ConfigMap", "/Secret"]],
  [
    wholeAfter,
    [
      "/Pod",
      "/ServiceAccount",
      "/Endpoints",
      "/PersistentVolumeClaim",
      "apps/ControllerRevision",
      "networking.k8s.io/Ingress",
      "networking.k8s.io/IngressClass",
      "storage.k8s.io/VolumeAttributesClass",
    ],
  ],
  [anyFinalizer(wholeAfter), ["apiregistration.k8s.io/APIService"]],
  [
    wholeBefore,
    [
      "/Namespace",
      "/Node",
      "batch/Job",
      "networking.k8s.io/NetworkPolicy",
      "rbac.authorization.k8s.io/Role",
      "rbac.authorization.k8s.io/ClusterRole",
      "rbac.authorization.k8s.io/RoleBinding",
      "rbac.authorization.k8s.io/ClusterRoleBinding",
      "storage.k8s.io/StorageClass",
      "storage.k8s.io/CSIStorageCapacity",
      "resource.k8s.io/ResourceClaim",
      "resource.k8s.io/ResourceClaimTemplate",
      "resource.k8s.io/DeviceClass",
    ],
  ],
  [anyFinalizer(wholeBefore), ["node.k8s.io/RuntimeClass"]],
  [
    wholeOnly,
    [
      "/LimitRange",
      "discovery.k8s.io/EndpointSlice",
      "storage.k8s.io/VolumeAttachment",
      "flowcontrol.apiserver.k8s.io/FlowSchema",
      "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration",
    ],
  ],
  [
    anyFinalizer(wholeOnly),
    [
      "admissionregistration.k8s.io/MutatingWebhookConfiguration",
      "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
      "admissionregistration.k8s.io/ValidatingAdmissionPolicy",
      "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding",
    ],
  ],
  [wholeTwice, ["/PersistentVolume", "storage.k8s.io/CSINode"]],
  [unlooked, ["/Event", "policy/PodDisruptionBudget"]],
  [{ ...plain, onStatus: false }, ["batch/CronJob"]],
  [anyFinalizer(plain), ["coordination.k8s.io/Lease", "apiextensions.k8s.io/CustomResourceDefinition"]],
];
const byKind = new Map(looksOf.flatMap(([looks, kinds]) => kinds.map((kind) => [kind, looks])));

/** How the rules of a built-in kind look at its objects. */
export const looksAt = ({ group, kind }: GroupVersionKind): Looks => byKind.get(`${group}/${kind}`) ?? plain;
