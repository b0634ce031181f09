import type {
  APIService,
  ConfigMap,
  CronJob,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Endpoints,
  Event,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  KubernetesObject,
  Lease,
  LimitRange,
  Namespace,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PodTemplate,
  PriorityClass,
  ReplicaSet,
  ResourceQuota,
  Secret,
  Service,
  StatefulSet,
  StorageClass,
} from "@bellows/api";
import type { GroupVersionKind } from "../defaults/index.ts";
import type { FieldError } from "../status-error.ts";
import {
  validateAdmissionPolicy,
  validateAdmissionPolicyBinding,
  validateWebhookConfiguration,
} from "./admission-registration.ts";
import { validateApiService } from "./api-service.ts";
import {
  validateDaemonSet,
  validateDeployment,
  validateReplicaSet,
  validateSelectorUpdate,
  validateStatefulSet,
  validateStatefulSetUpdate,
} from "./apps.ts";
import { validateHorizontalPodAutoscaler, validateHorizontalPodAutoscalerStatus } from "./autoscaling.ts";
import { validateCronJob, validateJob, validateJobUpdate } from "./batch.ts";
import {
  validateConfigMap,
  validateConfigMapUpdate,
  validateLimitRange,
  validateNamespaceStatus,
  validateNode,
  validateNodeUpdate,
  validateResourceQuota,
  validateSecret,
  validateSecretUpdate,
} from "./core.ts";
import { validateEndpoints } from "./endpoints.ts";
import { validateEvent, validateNewEvent } from "./event.ts";
import { FieldErrors } from "./field-errors.ts";
import { validateJobStatus } from "./job-status.ts";
import { looksAt } from "./look.ts";
import {
  anySegment,
  changedByUsers,
  dns1035Name,
  labelName,
  type NameRule,
  subdomainName,
  validateCommonUpdate,
  validateMetadata,
  validateMetadataUpdate,
  validateOwnFinalizers,
} from "./metadata.ts";
import {
  validateEndpointSlice,
  validateEndpointSliceUpdate,
  validateIngress,
  validateNetworkPolicy,
} from "./networking.ts";
import { validateClaimSpec, validateClaimUpdate } from "./persistent-volume-claim.ts";
import { validatePod, validatePodTemplate } from "./pod.ts";
import { validateEphemeralContainers, validatePodResize } from "./pod-subresources.ts";
import { validatePodUpdate } from "./pod-update.ts";
import {
  validateLease,
  validatePodDisruptionBudget,
  validatePriorityClass,
  validatePriorityClassUpdate,
} from "./policy.ts";
import { validateQuotaUpdate } from "./quota-scopes.ts";
import { type Binding, type RoleLike, validateBinding, validateBindingUpdate, validateRole } from "./rbac.ts";
import { validateService, validateServiceUpdate } from "./service.ts";
import {
  validateControllerRevision,
  validateFlowSchema,
  validateIngressClass,
  validatePriorityLevel,
  validateReplicationController,
  validateResourceSlice,
  validateRuntimeClass,
  validateSigningRequest,
  validateStorageCapacity,
  validateVolumeAttachment,
  validateVolumeAttributesClass,
} from "./small-kinds.ts";
import {
  validatePersistentVolume,
  validatePersistentVolumeUpdate,
  validateStorageClass,
  validateStorageClassUpdate,
} from "./storage.ts";

import {
  validateDaemonSetStatus,
  validateDeploymentStatus,
  validateDisruptionBudgetStatus,
  validateReplicaSetStatus,
  validateStatefulSetStatus,
} from "./workload-status.ts";

/** How objects of one kind are validated. */
interface Rules<T extends KubernetesObject> {
  readonly name?: NameRule;
  readonly clusterScoped?: boolean;
  readonly object?: (errors: FieldErrors, object: T, old?: T) => void;
  readonly update?: (errors: FieldErrors, object: T, old: T) => void;
  readonly status?: (errors: FieldErrors, object: T, old: T) => void;
  /** What a write to another subresource may change. */
  readonly subresources?: Readonly<Record<string, (errors: FieldErrors, object: T, old: T) => void>>;
}

const rules = <T extends KubernetesObject>(given: Rules<T>): Rules<KubernetesObject> =>
  given as Rules<KubernetesObject>;

const byKind: Readonly<Record<string, Rules<KubernetesObject>>> = {
  "/Pod": rules<Pod>({
    object: (errors, pod, old) => validatePod(errors, pod, old !== undefined),
    update: validatePodUpdate,
    subresources: { resize: validatePodResize, ephemeralcontainers: validateEphemeralContainers },
  }),
  "/PodTemplate": rules<PodTemplate>({
    object: (errors, object) => validatePodTemplate(errors, object.template ?? {}, "template"),
  }),
  "/Service": rules<Service>({
    name: dns1035Name,
    object: validateService,
    update: validateServiceUpdate,
  }),
  "/ConfigMap": rules<ConfigMap>({
    object: validateConfigMap,
    update: validateConfigMapUpdate,
  }),
  "/Event": rules<Event>({ object: validateEvent }),
  "events.k8s.io/Event": rules<KubernetesObject>({ object: validateNewEvent }),
  "/Secret": rules<Secret>({
    object: validateSecret,
    update: validateSecretUpdate,
  }),
  "/Namespace": rules<Namespace>({ name: labelName, clusterScoped: true, status: validateNamespaceStatus }),
  "/Node": rules<Node>({ clusterScoped: true, object: validateNode, update: validateNodeUpdate }),
  "/PersistentVolume": rules<PersistentVolume>({
    clusterScoped: true,
    object: validatePersistentVolume,
    update: validatePersistentVolumeUpdate,
  }),
  "/PersistentVolumeClaim": rules<PersistentVolumeClaim>({
    object: (errors, claim) => validateClaimSpec(errors, claim.spec, "spec"),
    update: validateClaimUpdate,
  }),
  "/ServiceAccount": rules<KubernetesObject>({}),
  "/ResourceQuota": rules<ResourceQuota>({ object: validateResourceQuota, update: validateQuotaUpdate }),
  "/Endpoints": rules<Endpoints>({ object: validateEndpoints }),
  "/LimitRange": rules<LimitRange>({ object: validateLimitRange }),
  "apps/Deployment": rules<Deployment>({
    object: validateDeployment,
    update: validateSelectorUpdate,
    status: validateDeploymentStatus,
  }),
  "apps/ReplicaSet": rules<ReplicaSet>({
    object: validateReplicaSet,
    update: validateSelectorUpdate,
    status: validateReplicaSetStatus,
  }),
  "apps/DaemonSet": rules<DaemonSet>({
    object: validateDaemonSet,
    update: validateSelectorUpdate,
    status: validateDaemonSetStatus,
  }),
  "apps/StatefulSet": rules<StatefulSet>({
    name: labelName,
    object: (errors, object, old) => validateStatefulSet(errors, object, old !== undefined),
    update: validateStatefulSetUpdate,
    status: validateStatefulSetStatus,
  }),
  "batch/Job": rules<Job>({ object: validateJob, update: validateJobUpdate, status: validateJobStatus }),
  "batch/CronJob": rules<CronJob>({ object: validateCronJob }),
  "autoscaling/HorizontalPodAutoscaler": rules<HorizontalPodAutoscaler>({
    object: validateHorizontalPodAutoscaler,
    status: validateHorizontalPodAutoscalerStatus,
  }),
  "policy/PodDisruptionBudget": rules<PodDisruptionBudget>({
    object: validatePodDisruptionBudget,
    status: validateDisruptionBudgetStatus,
  }),
  "scheduling.k8s.io/PriorityClass": rules<PriorityClass>({
    clusterScoped: true,
    object: validatePriorityClass,
    update: validatePriorityClassUpdate,
  }),
  "coordination.k8s.io/Lease": rules<Lease>({ object: validateLease }),
  "storage.k8s.io/StorageClass": rules<StorageClass>({
    clusterScoped: true,
    object: validateStorageClass,
    update: validateStorageClassUpdate,
  }),
  "networking.k8s.io/Ingress": rules<Ingress>({ object: validateIngress }),
  "networking.k8s.io/NetworkPolicy": rules<NetworkPolicy>({
    object: validateNetworkPolicy,
    update: validateNetworkPolicy,
  }),
  "discovery.k8s.io/EndpointSlice": rules<EndpointSlice>({
    object: validateEndpointSlice,
    update: validateEndpointSliceUpdate,
  }),
  "apiregistration.k8s.io/APIService": rules<APIService>({
    name: anySegment,
    clusterScoped: true,
    object: validateApiService,
  }),
  "rbac.authorization.k8s.io/Role": rules<RoleLike>({
    name: anySegment,
    object: (errors, role) => validateRole(errors, role, true),
  }),
  "rbac.authorization.k8s.io/ClusterRole": rules<RoleLike>({
    name: anySegment,
    clusterScoped: true,
    object: (errors, role) => validateRole(errors, role, false),
  }),
  "rbac.authorization.k8s.io/RoleBinding": rules<Binding>({
    name: anySegment,
    object: (errors, binding) => validateBinding(errors, binding, true),
    update: validateBindingUpdate,
  }),
  "rbac.authorization.k8s.io/ClusterRoleBinding": rules<Binding>({
    name: anySegment,
    clusterScoped: true,
    object: (errors, binding) => validateBinding(errors, binding, false),
    update: validateBindingUpdate,
  }),
};

/** Kinds whose objects are only looked at for what they must have. */
const small: readonly [string, boolean, (errors: FieldErrors, object: KubernetesObject) => void][] = [
  ["/ReplicationController", false, validateReplicationController],
  ["apps/ControllerRevision", false, validateControllerRevision],
  ["storage.k8s.io/CSIStorageCapacity", false, validateStorageCapacity],
  ["storage.k8s.io/VolumeAttachment", true, validateVolumeAttachment],
  ["storage.k8s.io/VolumeAttributesClass", true, validateVolumeAttributesClass],
  ["node.k8s.io/RuntimeClass", true, validateRuntimeClass],
  ["networking.k8s.io/IngressClass", true, validateIngressClass],
  ["flowcontrol.apiserver.k8s.io/FlowSchema", true, validateFlowSchema],
  ["flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration", true, validatePriorityLevel],
  ["certificates.k8s.io/CertificateSigningRequest", true, validateSigningRequest],
  ["resource.k8s.io/ResourceSlice", true, validateResourceSlice],
  ["admissionregistration.k8s.io/ValidatingAdmissionPolicy", true, validateAdmissionPolicy],
  ["admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding", true, validateAdmissionPolicyBinding],
  ["admissionregistration.k8s.io/ValidatingWebhookConfiguration", true, validateWebhookConfiguration],
  ["admissionregistration.k8s.io/MutatingWebhookConfiguration", true, validateWebhookConfiguration],
];
const bySmallKind = Object.fromEntries(
  small.map(([kind, clusterScoped, object]) => [kind, rules<KubernetesObject>({ clusterScoped, object })]),
);

const rulesOf = ({ group, kind }: GroupVersionKind): Rules<KubernetesObject> =>
  byKind[`${group}/${kind}`] ?? bySmallKind[`${group}/${kind}`] ?? {};

/**
 * What is wrong with an object that is to be created, with its defaults on; nothing when it is fine. Of kinds without
 * rules of their own only the metadata is looked at; whether those are namespaced is told by the object's namespace.
 */
export function validateCreate(gvk: GroupVersionKind, object: object): FieldError[] {
  const given = rulesOf(gvk);
  const candidate = object as KubernetesObject;
  const errors = new FieldErrors();
  const known = given.object !== undefined || `${gvk.group}/${gvk.kind}` in byKind;
  const namespaced = known ? !given.clusterScoped : candidate.metadata.namespace !== undefined;
  const { onChange, atFinalizers = true } = looksAt(gvk);
  const looksAtMetadata = onChange.some((look) => look.endsWith("metadata"));
  if (!looksAtMetadata) given.object?.(errors, candidate);
  if (errors.list.length > 0) return errors.list;
  validateMetadata(
    errors,
    candidate.metadata,
    namespaced,
    looksAtMetadata ? (given.name ?? subdomainName) : anySegment,
  );
  if (atFinalizers) validateOwnFinalizers(errors, candidate.metadata);
  if (looksAtMetadata) given.object?.(errors, candidate);
  return errors.list;
}

/**
 * What is wrong with an object that is to replace `old`. A write to a subresource only changes its part of the object,
 * so that only the rules of that part hold.
 */
export function validateUpdate(gvk: GroupVersionKind, object: object, old: object, subresource = ""): FieldError[] {
  const given = rulesOf(gvk);
  const candidate = object as KubernetesObject;
  const before = old as KubernetesObject;
  const errors = new FieldErrors();
  const { metadata } = candidate;
  const namespaced = metadata.namespace !== undefined;
  // Once for every kind, and once more by the kind's own rules: problems of it are listed twice and more.
  validateCommonUpdate(errors, metadata, before.metadata, namespaced);
  const { onChange, onStatus = true, atFinalizers = true } = looksAt(gvk);
  const lookAtChangedMetadata = () => {
    validateMetadataUpdate(errors, metadata, before.metadata);
    if (atFinalizers && metadata.finalizers !== before.metadata.finalizers) validateOwnFinalizers(errors, metadata);
  };
  if (subresource === "status") {
    if (onStatus) lookAtChangedMetadata();
    given.status?.(errors, candidate, before);
    return errors.list;
  }
  for (const look of onChange) {
    if (look === "changed metadata") lookAtChangedMetadata();
    else if (look === "whole metadata") {
      // What has not changed was fine when it was written.
      if (!changedByUsers(metadata, before.metadata)) continue;
      validateMetadata(errors, metadata, namespaced, given.name ?? subdomainName);
      if (atFinalizers) validateOwnFinalizers(errors, metadata);
    } else if (look === "object") {
      if (specOf(candidate) === undefined || specOf(candidate) !== specOf(before))
        given.object?.(errors, candidate, before);
    } else (subresource === "" ? given.update : given.subresources?.[subresource])?.(errors, candidate, before);
  }
  return errors.list;
}

const specOf = (object: object): unknown => (object as { spec?: unknown }).spec;

export { FieldErrors } from "./field-errors.ts";
export {
  type NameRule,
  subdomainName,
  validateCommonUpdate,
  validateMetadata,
  validateMetadataUpdate,
} from "./metadata.ts";
