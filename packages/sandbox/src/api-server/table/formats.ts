import type { KubernetesObject } from "@bellows/api";
import { bindingFormat, certificateSigningRequestFormat } from "./authority.ts";
import { horizontalPodAutoscalerFormat } from "./autoscaling.ts";
import { ageColumn, columnsFormat, integer, nameColumn } from "./columns.ts";
import * as configuration from "./configuration.ts";
import * as devices from "./devices.ts";
import { eventFormat } from "./events.ts";
import * as extension from "./extension.ts";
import * as flowControl from "./flow-control.ts";
import * as networking from "./networking.ts";
import { nodeFormat } from "./nodes.ts";
import { podFormat } from "./pods.ts";
import * as storage from "./storage.ts";
import type { TableFormat } from "./table.ts";
import * as workloads from "./workloads.ts";

interface Scale extends KubernetesObject {
  spec?: { replicas?: number };
  status?: { replicas?: number };
}

const scaleFormat = columnsFormat<Scale>([
  { ...nameColumn, format: "" },
  integer("Desired", (o) => o.spec?.replicas ?? 0),
  integer("Available", (o) => o.status?.replicas ?? 0),
  ageColumn,
]);

/** Built-in kinds with printer columns of their own, by `group/Kind` (`printers/internalversion` of Kubernetes 1.35). */
export const builtinFormats: ReadonlyMap<string, TableFormat> = new Map<string, TableFormat>([
  ["/Pod", podFormat],
  ["/PodTemplate", workloads.podTemplateFormat],
  ["/ReplicationController", workloads.replicationControllerFormat],
  ["/Node", nodeFormat],
  ["/Namespace", configuration.namespaceFormat],
  ["/ConfigMap", configuration.configMapFormat],
  ["/Secret", configuration.secretFormat],
  ["/ServiceAccount", configuration.serviceAccountFormat],
  ["/ResourceQuota", configuration.resourceQuotaFormat],
  ["/ComponentStatus", configuration.componentStatusFormat],
  ["/Event", eventFormat],
  ["events.k8s.io/Event", eventFormat],
  ["/Service", networking.serviceFormat],
  ["/Endpoints", networking.endpointsFormat],
  ["/PersistentVolume", storage.persistentVolumeFormat],
  ["/PersistentVolumeClaim", storage.persistentVolumeClaimFormat],
  ["apps/Deployment", workloads.deploymentFormat],
  ["apps/ReplicaSet", workloads.replicaSetFormat],
  ["apps/StatefulSet", workloads.statefulSetFormat],
  ["apps/DaemonSet", workloads.daemonSetFormat],
  ["apps/ControllerRevision", workloads.controllerRevisionFormat],
  ["batch/Job", workloads.jobFormat],
  ["batch/CronJob", workloads.cronJobFormat],
  ["policy/PodDisruptionBudget", workloads.podDisruptionBudgetFormat],
  ["autoscaling/HorizontalPodAutoscaler", horizontalPodAutoscalerFormat],
  ["autoscaling/Scale", scaleFormat],
  ["coordination.k8s.io/Lease", configuration.leaseFormat],
  ["discovery.k8s.io/EndpointSlice", networking.endpointSliceFormat],
  ["networking.k8s.io/Ingress", networking.ingressFormat],
  ["networking.k8s.io/IngressClass", networking.ingressClassFormat],
  ["networking.k8s.io/NetworkPolicy", networking.networkPolicyFormat],
  ["networking.k8s.io/ServiceCIDR", networking.serviceCidrFormat],
  ["networking.k8s.io/IPAddress", networking.ipAddressFormat],
  ["storage.k8s.io/StorageClass", storage.storageClassFormat],
  ["storage.k8s.io/VolumeAttributesClass", storage.volumeAttributesClassFormat],
  ["storage.k8s.io/VolumeAttachment", storage.volumeAttachmentFormat],
  ["storage.k8s.io/CSINode", storage.csiNodeFormat],
  ["storage.k8s.io/CSIDriver", storage.csiDriverFormat],
  ["scheduling.k8s.io/PriorityClass", configuration.priorityClassFormat],
  ["node.k8s.io/RuntimeClass", configuration.runtimeClassFormat],
  ["rbac.authorization.k8s.io/RoleBinding", bindingFormat],
  ["rbac.authorization.k8s.io/ClusterRoleBinding", bindingFormat],
  ["certificates.k8s.io/CertificateSigningRequest", certificateSigningRequestFormat],
  ["admissionregistration.k8s.io/MutatingWebhookConfiguration", extension.webhookConfigurationFormat],
  ["admissionregistration.k8s.io/ValidatingWebhookConfiguration", extension.webhookConfigurationFormat],
  ["admissionregistration.k8s.io/ValidatingAdmissionPolicy", extension.validatingAdmissionPolicyFormat],
  ["admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding", extension.validatingAdmissionPolicyBindingFormat],
  ["resource.k8s.io/DeviceClass", devices.deviceClassFormat],
  ["resource.k8s.io/ResourceClaim", devices.resourceClaimFormat],
  ["resource.k8s.io/ResourceClaimTemplate", devices.resourceClaimTemplateFormat],
  ["resource.k8s.io/ResourceSlice", devices.resourceSliceFormat],
  ["flowcontrol.apiserver.k8s.io/FlowSchema", flowControl.flowSchemaFormat],
  ["flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration", flowControl.priorityLevelFormat],
  ["apiregistration.k8s.io/APIService", extension.apiServiceFormat],
]);
