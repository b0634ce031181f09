import type {
  ComponentStatus,
  ConfigMap,
  Lease,
  Namespace,
  PriorityClass,
  ResourceQuota,
  RuntimeClass,
  Secret,
  ServiceAccount,
} from "@bellows/api";
import { ageColumn, boolean, columnsFormat, integer, nameColumn, text } from "./columns.ts";

const sizeOf = (record: object | undefined) => Object.keys(record ?? {}).length;

export const namespaceFormat = columnsFormat<Namespace>([
  nameColumn,
  text("Status", (o) => o.status?.phase ?? ""),
  ageColumn,
]);

export const configMapFormat = columnsFormat<ConfigMap>([
  nameColumn,
  text("Data", (o) => sizeOf(o.data) + sizeOf(o.binaryData)),
  ageColumn,
]);

export const secretFormat = columnsFormat<Secret>([
  nameColumn,
  text("Type", (o) => o.type ?? ""),
  text("Data", (o) => sizeOf(o.data)),
  ageColumn,
]);

export const serviceAccountFormat = columnsFormat<ServiceAccount>([nameColumn, ageColumn]);

export const leaseFormat = columnsFormat<Lease>([
  nameColumn,
  text("Holder", (o) => o.spec?.holderIdentity ?? ""),
  ageColumn,
]);

export const resourceQuotaFormat = columnsFormat<ResourceQuota>([
  nameColumn,
  text("Request", (o) => quotaCell(o, (resource) => !resource.startsWith("limits."))),
  text("Limit", (o) => quotaCell(o, (resource) => resource.startsWith("limits."))),
  ageColumn,
]);

/** `resource: used/hard` for each resource of the kind asked for, in order of name. */
function quotaCell({ status }: ResourceQuota, shown: (resource: string) => boolean): string {
  return Object.entries(status?.hard ?? {})
    .filter(([resource]) => shown(resource))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([resource, hard]) => `${resource}: ${status?.used?.[resource] ?? "0"}/${hard}`)
    .join(", ");
}

export const priorityClassFormat = columnsFormat<PriorityClass>([
  nameColumn,
  integer("Value", (o) => o.value),
  boolean("Global-Default", (o) => o.globalDefault ?? false),
  ageColumn,
  text("PreemptionPolicy", (o) => o.preemptionPolicy ?? ""),
]);

export const runtimeClassFormat = columnsFormat<RuntimeClass>([
  nameColumn,
  text("Handler", (o) => o.handler),
  ageColumn,
]);

const healthOf = (status: ComponentStatus) => status.conditions?.find((condition) => condition.type === "Healthy");

export const componentStatusFormat = columnsFormat<ComponentStatus>([
  nameColumn,
  text("Status", (o) => (healthOf(o) ? (healthOf(o)?.status === "True" ? "Healthy" : "Unhealthy") : "Unknown")),
  text("Message", (o) => healthOf(o)?.message ?? ""),
  text("Error", (o) => healthOf(o)?.error ?? ""),
]);
