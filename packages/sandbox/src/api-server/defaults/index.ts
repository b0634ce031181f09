import type { JsonObject } from "../json-value.ts";
import { admissionregistrationDefaults, servicePort } from "./admissionregistration.ts";
import { apiextensionsDefaults } from "./apiextensions.ts";
import { appsDefaults } from "./apps.ts";
import { autoscalingDefaults } from "./autoscaling.ts";
import { batchDefaults } from "./batch.ts";
import { coreDefaults } from "./core.ts";
import { discoveryDefaults } from "./discovery.ts";
import { type Defaulter, within } from "./fill.ts";
import { flowcontrolDefaults } from "./flowcontrol.ts";
import { networkingDefaults } from "./networking.ts";
import { rbacDefaults } from "./rbac.ts";
import { resourceClaimDefaults } from "./resource.ts";
import { schedulingDefaults } from "./scheduling.ts";
import { storageDefaults } from "./storage.ts";

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const byGroup: Readonly<Record<string, Readonly<Record<string, Defaulter>>>> = {
  "": coreDefaults,
  apps: appsDefaults,
  batch: batchDefaults,
  "networking.k8s.io": networkingDefaults,
  "discovery.k8s.io": discoveryDefaults,
  "rbac.authorization.k8s.io": rbacDefaults,
  "storage.k8s.io": storageDefaults,
  "admissionregistration.k8s.io": admissionregistrationDefaults,
  "scheduling.k8s.io": schedulingDefaults,
  "flowcontrol.apiserver.k8s.io": flowcontrolDefaults,
  "resource.k8s.io": resourceClaimDefaults,
  "apiextensions.k8s.io": apiextensionsDefaults,
  "apiregistration.k8s.io": { APIService: (service) => within(service, "spec", servicePort) },
};

/**
 * Puts the defaults of a built-in kind on an object, as the API server of Kubernetes 1.35 does when it reads one
 * (`pkg/apis/<group>/v1/defaults.go`). Returns `object` itself when nothing was missing or the kind has no defaults.
 * Idempotent. What is not known by the object alone (cluster IPs, generated names, admission) is not a default.
 */
export function applyDefaults<T extends object>(gvk: GroupVersionKind, object: T): T {
  const kinds = gvk.group === "autoscaling" ? autoscalingDefaults[gvk.version] : byGroup[gvk.group];
  const defaults = kinds?.[gvk.kind];
  return (defaults ? defaults(object as JsonObject) : object) as T;
}
