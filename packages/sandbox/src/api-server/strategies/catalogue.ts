import type { CustomResourceDefinition } from "@bellows/api";
import type { BuiltinResource } from "@bellows/api/builtin";
import { timestamp } from "@bellows/kube";
import { type ApiObject, record, withFields, withMetadata } from "../api-object.ts";
import { defaultDefinition, statusOnWrite, terminating } from "../custom-resources/custom-resource-definition.ts";
import { cleanupFinalizer } from "../definition-watcher.ts";
import { eventsGroupFields, selectableFieldsOf } from "../field-selectors.ts";
import { daemonSetStrategy } from "./daemon-set.ts";
import { jobStrategy } from "./job.ts";
import { podStrategy } from "./pod.ts";
import { podWarnings, templateWarnings } from "./pod-warnings.ts";
import { serviceStrategy } from "./service.ts";
import { plainStrategy, type Strategy } from "./strategy.ts";

/** A status that a new object begins with, whatever the client sent. */
const beginningWith = (status: Readonly<Record<string, unknown>>): Partial<Strategy> => ({
  prepareForCreate: (object) => withFields(object, { status }),
});

/** A status write does not reach the labels of Deployments. */
const keepsLabels: Partial<Strategy> = {
  prepareForStatusUpdate: (object, before) =>
    withMetadata(object, { labels: before.metadata.labels } as Partial<ApiObject["metadata"]>),
};

/** A status write does not reach what clients write in metadata. */
const keepsMetadata: Partial<Strategy> = {
  prepareForStatusUpdate(object, { metadata: { labels, annotations, finalizers, ownerReferences } }) {
    const kept = { labels, annotations, finalizers, ownerReferences };
    return withMetadata(object, kept as Partial<ApiObject["metadata"]>);
  },
};

const generated: Partial<Strategy> = { generation: true };

/** Tells what is odd about the Pods that a template makes. */
const templated = (path: string, template: (object: ApiObject) => unknown): Partial<Strategy> => ({
  warnings: (object, before) => templateWarnings(template(object), before && template(before), path),
});
const specTemplate = templated("spec.template", ({ spec }) => record(spec).template);
const createdByPut: Partial<Strategy> = { createOnUpdate: true };
const returned: Partial<Strategy> = { returnsDeleted: true };
const versioned: Partial<Strategy> = { unconditionalUpdate: false };

/** Times that nobody gave are null, as Go writes them. */
const withEventTimes = (object: ApiObject): ApiObject => ({
  eventTime: null,
  firstTimestamp: null,
  lastTimestamp: null,
  ...object,
});

const event: Partial<Strategy> = {
  createOnUpdate: true,
  prepareForCreate: withEventTimes,
  prepareForUpdate: withEventTimes,
};

const secret: Partial<Strategy> = {
  prepareForCreate: withStringData,
  prepareForUpdate: withStringData,
};

/** `stringData` is only ever written: it ends up in `data`. */
function withStringData(object: ApiObject): ApiObject {
  if (object.stringData === undefined) return object;
  const { stringData, ...rest } = object;
  const encoded = Object.entries(record(stringData)).map(([key, value]) => [
    key,
    Buffer.from(String(value), "utf8").toString("base64"),
  ]);
  return { ...rest, data: { ...record(object.data), ...Object.fromEntries(encoded) } } as unknown as ApiObject;
}

const namespace: Partial<Strategy> = {
  returnsDeleted: true,
  prepareForCreate(object) {
    const spec = record(object.spec);
    const finalizers = (spec.finalizers as string[] | undefined) ?? [];
    return withFields(withNameLabel(object), {
      spec: { ...spec, finalizers: finalizers.includes("kubernetes") ? finalizers : [...finalizers, "kubernetes"] },
      status: { phase: "Active" },
    });
  },
  prepareForUpdate: (object, before) => withNameLabel(withFields(object, { spec: before.spec, status: before.status })),
  beginDeletion: (object) => withFields(object, { status: { ...record(object.status), phase: "Terminating" } }),
};

const nameLabel = "kubernetes.io/metadata.name";

function withNameLabel(object: ApiObject): ApiObject {
  const { name, labels } = object.metadata;
  return labels?.[nameLabel] === name ? object : withMetadata(object, { labels: { ...labels, [nameLabel]: name } });
}

const definition: Partial<Strategy> = {
  generation: true,
  unconditionalUpdate: false,
  prepareForCreate(object) {
    const crd = defaultDefinition(object as unknown as CustomResourceDefinition) as unknown as ApiObject;
    return withFields(crd, {
      status: statusOnWrite({ ...crd, status: undefined } as unknown as CustomResourceDefinition),
    });
  },
  beginDeletion(object, now) {
    const finalizers = object.metadata.finalizers ?? [];
    const status = terminating(object as unknown as CustomResourceDefinition, "InstanceDeletionPending", now);
    return withMetadata(withFields(object, { status }), {
      finalizers: finalizers.includes(cleanupFinalizer) ? finalizers : [...finalizers, cleanupFinalizer],
    });
  },
  prepareForUpdate(object, before) {
    const crd = defaultDefinition(object as unknown as CustomResourceDefinition) as unknown as ApiObject;
    const old = before as unknown as CustomResourceDefinition;
    return withFields(crd, { status: statusOnWrite({ ...crd, status: old.status } as CustomResourceDefinition, old) });
  },
};

/** What an autoscaler sees is null until it sees something. */
const autoscaler: Partial<Strategy> = {
  ...beginningWith({ desiredReplicas: 0, currentMetrics: null }),
  prepareForStatusUpdate: (hpa) =>
    withFields(hpa, { status: { ...record(hpa.status), currentMetrics: record(hpa.status).currentMetrics ?? null } }),
};

/** A volume says since when it has been in its phase. */
const persistentVolume: Partial<Strategy> = {
  ...beginningWith({}),
  prepareForCreate: (volume, { clock }) =>
    withFields(volume, { status: { phase: "Pending", lastPhaseTransitionTime: timestamp(clock.now()) } }),
  prepareForStatusUpdate(volume, before, { clock }) {
    const [status, old] = [record(volume.status), record(before.status)];
    if (status.phase === old.phase || status.lastPhaseTransitionTime !== old.lastPhaseTransitionTime) return volume;
    return withFields(volume, { status: { ...status, lastPhaseTransitionTime: timestamp(clock.now()) } });
  },
};

const clusterRole: Partial<Strategy> = { createOnUpdate: true };

/** By the resource's qualified name (`deployments.apps`). */
const strategies: Readonly<Record<string, Partial<Strategy>>> = {
  pods: { ...podStrategy, generation: true, warnings: podWarnings },
  services: serviceStrategy,
  secrets: secret,
  namespaces: namespace,
  // A kubelet registers its node with a status.
  nodes: {},
  configmaps: {},
  events: event,
  "events.events.k8s.io": event,
  endpoints: createdByPut,
  limitranges: createdByPut,
  resourcequotas: { ...returned, ...beginningWith({}) },
  serviceaccounts: returned,
  podtemplates: { ...returned, ...generated },
  persistentvolumes: { ...returned, ...persistentVolume },
  persistentvolumeclaims: { ...returned, ...beginningWith({ phase: "Pending" }) },
  replicationcontrollers: { ...generated, orphansByDefault: true, ...beginningWith({ replicas: 0 }) },
  "controllerrevisions.apps": {},
  "deployments.apps": {
    ...generated,
    countsMetadata: "annotations",
    ...specTemplate,
    ...keepsLabels,
    ...beginningWith({}),
  },
  "replicasets.apps": { ...generated, ...specTemplate, ...beginningWith({ replicas: 0 }) },
  "statefulsets.apps": {
    ...generated,
    ...specTemplate,
    ...beginningWith({ replicas: 0, availableReplicas: 0 }),
  },
  "daemonsets.apps": { ...generated, ...specTemplate, ...daemonSetStrategy },
  "jobs.batch": { ...generated, ...jobStrategy },
  "cronjobs.batch": { ...generated, ...beginningWith({}) },
  "horizontalpodautoscalers.autoscaling": autoscaler,
  "poddisruptionbudgets.policy": {
    ...generated,
    ...versioned,
    ...beginningWith({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
  },
  "ingresses.networking.k8s.io": { ...generated, ...beginningWith({ loadBalancer: {} }) },
  "ingressclasses.networking.k8s.io": generated,
  "networkpolicies.networking.k8s.io": generated,
  "servicecidrs.networking.k8s.io": { ...beginningWith({}), ...keepsMetadata },
  "endpointslices.discovery.k8s.io": {
    ...generated,
    countsMetadata: "labels",
    warnings: ({ addressType }, before) =>
      addressType === "FQDN" && !before ? ["spec.addressType: FQDN endpoints are deprecated"] : [],
  },
  "leases.coordination.k8s.io": { ...createdByPut, ...versioned },
  "clusterroles.rbac.authorization.k8s.io": clusterRole,
  "clusterrolebindings.rbac.authorization.k8s.io": createdByPut,
  "roles.rbac.authorization.k8s.io": createdByPut,
  "rolebindings.rbac.authorization.k8s.io": createdByPut,
  "storageclasses.storage.k8s.io": returned,
  "csidrivers.storage.k8s.io": { ...returned, ...versioned },
  "csinodes.storage.k8s.io": { ...returned, ...versioned },
  "csistoragecapacities.storage.k8s.io": versioned,
  "volumeattachments.storage.k8s.io": {
    ...returned,
    ...versioned,
    ...beginningWith({ attached: false }),
    ...keepsMetadata,
  },
  "volumeattributesclasses.storage.k8s.io": returned,
  "priorityclasses.scheduling.k8s.io": generated,
  "runtimeclasses.node.k8s.io": { ...createdByPut, ...versioned },
  "mutatingwebhookconfigurations.admissionregistration.k8s.io": { ...generated, ...versioned },
  "validatingwebhookconfigurations.admissionregistration.k8s.io": { ...generated, ...versioned },
  "validatingadmissionpolicies.admissionregistration.k8s.io": {
    ...generated,
    ...versioned,
    ...beginningWith({}),
    ...keepsMetadata,
  },
  "validatingadmissionpolicybindings.admissionregistration.k8s.io": { ...generated, ...versioned },
  "customresourcedefinitions.apiextensions.k8s.io": definition,
  "apiservices.apiregistration.k8s.io": { ...versioned, ...beginningWith({}), ...keepsMetadata },
  "certificatesigningrequests.certificates.k8s.io": beginningWith({}),
  "flowschemas.flowcontrol.apiserver.k8s.io": { ...generated, ...beginningWith({}), ...keepsMetadata },
  "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io": { ...generated, ...beginningWith({}), ...keepsMetadata },
  "resourceclaims.resource.k8s.io": { ...returned, ...beginningWith({}), ...keepsMetadata },
  "resourceclaimtemplates.resource.k8s.io": returned,
  "resourceslices.resource.k8s.io": { ...returned, ...generated },
  "deviceclasses.resource.k8s.io": { ...returned, ...generated },
};

/** What a built-in kind does when it is written. */
export function strategyOf(resource: BuiltinResource): Strategy {
  const name = resource.group ? `${resource.plural}.${resource.group}` : resource.plural;
  const selectableFields = name === "events.events.k8s.io" ? eventsGroupFields : selectableFieldsOf[name];
  return {
    ...plainStrategy,
    statusSubresource: resource.subresources.some((one) => one.name === "status"),
    ...strategies[name],
    ...(selectableFields && { selectableFields }),
  };
}
