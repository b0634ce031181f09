import { isObject, type JsonObject } from "../json-value.ts";
import { type Defaulter, fill, fillZero, within, withinAlways, withinEach } from "./fill.ts";
import { persistentVolumeDefaults } from "./persistent-volume.ts";
import { persistentVolumeClaimDefaults } from "./persistent-volume-claim.ts";
import { podDefaults, podTemplateDefaults } from "./pod.ts";
import { roundResourceList } from "./resource-list.ts";
import { serviceDefaults } from "./service.ts";

/** `stringData` is for writing only: it becomes `data`, over what that had under the same keys. */
const secretDefaults: Defaulter = (secret) => {
  const { stringData, ...rest } = fillZero(secret, { type: "Opaque" });
  if (!isObject(stringData)) return stringData === undefined ? fillZero(secret, { type: "Opaque" }) : rest;
  const data: JsonObject = isObject(rest["data"]) ? { ...rest["data"] } : {};
  for (const key in stringData) data[key] = Buffer.from(String(stringData[key])).toString("base64");
  return { ...rest, data };
};

const namespaceDefaults: Defaulter = (namespace) => {
  const named = withinAlways(namespace, "metadata", (metadata) => {
    const { name } = metadata;
    // A name still to be generated comes too late for its label; the namespace's strategy adds it.
    if (!name) return metadata;
    const labels: JsonObject = isObject(metadata["labels"]) ? metadata["labels"] : {};
    if (labels["kubernetes.io/metadata.name"] === name) return metadata;
    return { ...metadata, labels: { ...labels, "kubernetes.io/metadata.name": name } };
  });
  return withinAlways(named, "status", (status) => fillZero(status, { phase: "Active" }));
};

const nodeDefaults: Defaulter = (node) =>
  within(node, "status", (status) => {
    const rounded = within(within(status, "capacity", roundResourceList), "allocatable", roundResourceList);
    return fill(rounded, { allocatable: rounded["capacity"] });
  });

const endpointsDefaults: Defaulter = (endpoints) =>
  withinEach(endpoints, "subsets", (subset) =>
    withinEach(subset, "ports", (port) => fillZero(port, { protocol: "TCP" })),
  );

const limitRangeDefaults: Defaulter = (range) =>
  within(range, "spec", (spec) => withinEach(spec, "limits", limitDefaults));

const limitLists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;

/** A container's default limit comes from the maximum, its default request from the default limit, then the minimum. */
function limitDefaults(limit: JsonObject): JsonObject {
  let result = limit;
  for (const list of limitLists) result = within(result, list, roundResourceList);
  if (result["type"] !== "Container") return result;
  const amounts = (list: string): JsonObject => (isObject(result[list]) ? (result[list] as JsonObject) : {});
  const defaultLimit = fill(amounts("default"), amounts("max"));
  const defaultRequest = fill(fill(amounts("defaultRequest"), defaultLimit), amounts("min"));
  return {
    ...result,
    ...(Object.keys(defaultLimit).length && { default: defaultLimit }),
    ...(Object.keys(defaultRequest).length && { defaultRequest }),
  };
}

const resourceQuotaDefaults: Defaulter = (quota) => {
  const withSpec = within(quota, "spec", (spec) => within(spec, "hard", roundResourceList));
  return within(withSpec, "status", (status) =>
    within(within(status, "hard", roundResourceList), "used", roundResourceList),
  );
};

const replicationControllerDefaults: Defaulter = (controller) => {
  const spec: JsonObject = isObject(controller["spec"]) ? controller["spec"] : {};
  let filled = fill(spec, { replicas: 1 });
  let result = controller;
  if (isObject(filled["template"])) {
    const template = podTemplateDefaults(filled["template"]);
    if (template !== filled["template"]) filled = { ...filled, template };
    const labels = isObject(template["metadata"]) ? template["metadata"]["labels"] : undefined;
    if (labels) {
      if (!hasEntries(filled["selector"])) filled = { ...filled, selector: labels };
      result = withinAlways(result, "metadata", (metadata) =>
        hasEntries(metadata["labels"]) ? metadata : { ...metadata, labels },
      );
    }
  }
  return filled === result["spec"] ? result : { ...result, spec: filled };
};

const hasEntries = (value: unknown): boolean => isObject(value) && Object.keys(value).length > 0;

export const coreDefaults: Readonly<Record<string, Defaulter>> = {
  Pod: podDefaults,
  PodTemplate: (object) => withinAlways(object, "template", podTemplateDefaults),
  ReplicationController: replicationControllerDefaults,
  Service: serviceDefaults,
  Secret: secretDefaults,
  Namespace: namespaceDefaults,
  Node: nodeDefaults,
  Endpoints: endpointsDefaults,
  LimitRange: limitRangeDefaults,
  ResourceQuota: resourceQuotaDefaults,
  PersistentVolume: persistentVolumeDefaults,
  PersistentVolumeClaim: persistentVolumeClaimDefaults,
};
