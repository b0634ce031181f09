import type { Random } from "@bellows/kube";
import { type ApiObject, storeKey } from "../api-object.ts";
import type { Admission, AdmissionOperation } from "../rest/admission-hook.ts";
import type { RequestScope } from "../rest/request-scope.ts";
import type { Store } from "../store.ts";
import type { CallWebhook } from "../webhook-client.ts";
import type { AdmissionPlugin, AdmissionRequest, AdmissionWorld } from "./admission-request.ts";
import { limitRanger } from "./limit-ranger.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { defaultTolerationSeconds, taintNodesByCondition } from "./node-taints.ts";
import { type FindParams, policiesPlace, validatePolicies } from "./policies/validating-policies.ts";
import { priorityAdmission } from "./priority.ts";
import { resourceQuota } from "./resource-quota.ts";
import { runtimeClassAdmission } from "./runtime-class.ts";
import { serviceAccountAdmission } from "./service-account.ts";
import { defaultStorageClass, storageObjectInUseProtection } from "./storage.ts";
import { runMutatingWebhooks } from "./webhooks/mutating-webhooks.ts";
import { runValidatingWebhooks } from "./webhooks/validating-webhooks.ts";

/** The built-in plug-ins in kube-apiserver's order, those that the sandbox has. */
export const builtinPlugins: readonly AdmissionPlugin[] = [
  namespaceLifecycle,
  limitRanger,
  serviceAccountAdmission,
  taintNodesByCondition,
  priorityAdmission,
  defaultTolerationSeconds,
  defaultStorageClass,
  storageObjectInUseProtection,
  runtimeClassAdmission,
  resourceQuota,
];

export interface AdmissionOptions {
  readonly world: AdmissionWorld;
  readonly callWebhook: CallWebhook;
  readonly plugins?: readonly AdmissionPlugin[];
}

/**
 * What stands between a decoded, defaulted object and the store. `mutate`: the built-in plug-ins one after the other, then
 * mutating webhooks, then the plug-ins once more where a webhook changed the object. `validate`: the plug-ins except the
 * quota, validating policies, validating webhooks, and the quota last, since it charges for what is sure to be written.
 */
export function clusterAdmission({ world, callWebhook, plugins = builtinPlugins }: AdmissionOptions): Admission {
  const mutateBuiltin = (request: AdmissionRequest): ApiObject | undefined =>
    plugins.reduce(
      (object, plugin) => (plugin.mutate ? plugin.mutate({ ...request, object }, world) : object),
      request.object,
    );
  return {
    mutate<T extends ApiObject | undefined>(
      scope: RequestScope,
      operation: AdmissionOperation,
      object: T,
      before: ApiObject | undefined,
    ): T | Promise<T> {
      const request = admissionRequest(scope, operation, object, before);
      const changed = mutateBuiltin(request);
      if (world.list(mutatingPlace).length === 0) return changed as T;
      const complete = (patched: ApiObject) => scope.resource.rules.applyDefaults(patched);
      return runMutatingWebhooks({ ...request, object: changed }, world, callWebhook, complete).then((result) => {
        if (!result.changed) return result.object as T;
        return mutateBuiltin({ ...request, object: result.object }) as T;
      });
    },
    validate(scope, operation, object, before): void | Promise<void> {
      const request = admissionRequest(scope, operation, object, before);
      for (const plugin of plugins) if (plugin !== resourceQuota) plugin.validate?.(request, world);
      if (world.list(policiesPlace).length > 0) validatePolicies(request, world, paramsServed(scope));
      const charge = () => {
        if (plugins.includes(resourceQuota)) resourceQuota.validate?.(request, world);
      };
      if (world.list(validatingPlace).length === 0) return charge();
      return runValidatingWebhooks(request, world, callWebhook).then(charge);
    },
  };
}

/** The parameters of policies, among everything that is served. */
const paramsServed =
  ({ parts }: RequestScope): FindParams =>
  ({ apiVersion, kind }, namespace) => {
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
    const served = parts.registry.ofKind(group as string, kind, version);
    if (!served) return undefined;
    const within = served.namespaced && namespace !== undefined ? `${namespace}/` : "";
    const stored = served.collection.list(within);
    // What only a webhook could convert is read as it is stored.
    const objects = served.rules.askFromStored ? stored : stored.map(served.rules.fromStored);
    return { namespaced: served.namespaced, objects };
  };

const mutatingPlace = "admissionregistration.k8s.io/mutatingwebhookconfigurations";
const validatingPlace = "admissionregistration.k8s.io/validatingwebhookconfigurations";

function admissionRequest(
  { resource, info, namespace, name, request, dryRun, warnings }: RequestScope,
  operation: AdmissionOperation,
  object: ApiObject | undefined,
  old: ApiObject | undefined,
): AdmissionRequest {
  return {
    operation,
    group: resource.group,
    version: resource.version,
    resource: resource.plural,
    subresource: info.subresource,
    kind: resource.kind,
    namespace,
    name: name ?? (object ?? old)?.metadata.name ?? "",
    object,
    old,
    user: request.user,
    dryRun,
    warnings,
  };
}

/** Admission's view of a store. */
export function storeWorld(store: Store, random: Random): AdmissionWorld {
  return {
    get: (place, namespace, name) => store.collection(place).get(storeKey(namespace, name)),
    list: (place, namespace) => store.collection(place).list(namespace === undefined ? "" : `${namespace}/`),
    replace(place, object) {
      store.collection(place).replace(storeKey(object.metadata.namespace, object.metadata.name), object);
    },
    random,
  };
}

export type { AdmissionPlugin, AdmissionRequest, AdmissionWorld } from "./admission-request.ts";
export { systemPriorityClasses } from "./priority.ts";
export { quotaStatus } from "./quota-usage.ts";
