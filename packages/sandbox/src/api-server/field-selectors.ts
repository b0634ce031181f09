import { parseFieldSelector } from "@bellows/api";
import type { ApiObject } from "./api-object.ts";
import { record } from "./api-object.ts";
import { badRequest } from "./status-error.ts";

export type SelectableFields = Readonly<Record<string, (object: ApiObject) => string>>;

const everywhere: SelectableFields = {
  "metadata.name": ({ metadata }) => metadata.name,
  "metadata.namespace": ({ metadata }) => metadata.namespace ?? "",
};

/** A field selector for the objects of one kind. */
export interface ObjectFieldSelector {
  readonly isEverything: boolean;
  matches(object: ApiObject): boolean;
  exactValue(field: string): string | undefined;
}

/**
 * Reads `spec.nodeName=a,status.phase!=Running` for a kind that can be selected by `fields` beside its name and
 * namespace. Refuses fields that the kind cannot be selected by.
 */
export function objectFieldSelector(
  text: string,
  kind: string,
  fields: SelectableFields = {},
  custom = false,
): ObjectFieldSelector {
  const selector = parseFieldSelector(text);
  const requirements = selector.requirements.map(({ field, operator, value }) => {
    const read = Object.hasOwn(fields, field)
      ? fields[field]
      : Object.hasOwn(everywhere, field)
        ? everywhere[field]
        : undefined;
    if (!read) throw badRequest(unsupported(field, kind, fields, custom));
    return (object: ApiObject) => (read(object) === value) === (operator === "=");
  });
  return {
    isEverything: selector.isEverything,
    matches: (object) => requirements.every((holds) => holds(object)),
    exactValue: (field) => selector.exactValue(field),
  };
}

/** The texts of the conversion functions for field labels; kinds without own fields share one of them. */
function unsupported(name: string, kind: string, fields: SelectableFields, custom: boolean): string {
  if (custom) return `field label not supported: ${name}`;
  if (Object.keys(fields).length === 0)
    return `${JSON.stringify(name)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
  return kind === "Job"
    ? `field label ${JSON.stringify(name)} not supported for Job`
    : `field label not supported: ${name}`;
}

const at = (object: unknown, ...path: readonly string[]): string => {
  let value: unknown = object;
  for (const key of path) value = record(value)[key];
  return value === undefined || value === null ? "" : String(value);
};

const reportingComponent = (object: ApiObject) => at(object, "reportingComponent") || at(object, "source", "component");
const eventFields = (regarding: string, reason: string, reporting: SelectableFields): SelectableFields => ({
  ...Object.fromEntries(
    ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map((field) => [
      `${regarding}.${field}`,
      (object: ApiObject) => at(object, "involvedObject", field),
    ]),
  ),
  [reason]: (object) => at(object, "reason"),
  ...reporting,
  type: (object) => at(object, "type"),
});

/** What each built-in kind can be selected by (pkg/apis/<group>/v1 conversion.go), read from the stored version. */
export const selectableFieldsOf: Readonly<Record<string, SelectableFields>> = {
  pods: {
    "spec.nodeName": (object) => at(object, "spec", "nodeName"),
    "spec.restartPolicy": (object) => at(object, "spec", "restartPolicy"),
    "spec.schedulerName": (object) => at(object, "spec", "schedulerName"),
    "spec.serviceAccountName": (object) => at(object, "spec", "serviceAccountName"),
    "spec.hostNetwork": (object) => String(record(object.spec).hostNetwork === true),
    "status.phase": (object) => at(object, "status", "phase"),
    "status.podIP": (object) => at(object, "status", "podIP"),
    "status.podIPs": (object) => at(object, "status", "podIP"),
    "status.nominatedNodeName": (object) => at(object, "status", "nominatedNodeName"),
  },
  nodes: { "spec.unschedulable": (object) => String(record(object.spec).unschedulable === true) },
  namespaces: { "status.phase": (object) => at(object, "status", "phase") },
  secrets: { type: (object) => at(object, "type") },
  services: {
    "spec.clusterIP": (object) => at(object, "spec", "clusterIP"),
    "spec.type": (object) => at(object, "spec", "type"),
  },
  replicationcontrollers: { "status.replicas": (object) => at(object, "status", "replicas") || "0" },
  events: eventFields("involvedObject", "reason", {
    reportingComponent,
    source: (object) => at(object, "source", "component") || at(object, "reportingComponent"),
  }),
  "jobs.batch": { "status.successful": (object) => at(object, "status", "succeeded") || "0" },
  "certificatesigningrequests.certificates.k8s.io": { "spec.signerName": (object) => at(object, "spec", "signerName") },
};

/** The same for events.k8s.io, where the fields have other names. */
export const eventsGroupFields = eventFields("regarding", "reason", { reportingController: reportingComponent });
