import type { ExternalMetricsResponse } from "./handler.ts";

export const groupVersion = "external.metrics.k8s.io/v1beta1";
export const [group, version] = groupVersion.split("/") as [string, string];
export const root = `/apis/${groupVersion}`;

export const apiGroup = {
  kind: "APIGroup",
  apiVersion: "v1",
  name: group,
  versions: [{ groupVersion, version }],
  preferredVersion: { groupVersion, version },
};

/** The metrics there are, as discovery of one version lists them. */
export const resourceList = (names: readonly string[]) => ({
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion,
  resources: names.map((name) => ({
    name,
    singularName: "",
    namespaced: true,
    kind: "ExternalMetricValueList",
    verbs: ["get"],
  })),
});

/**
 * All groups there are. The aggregation layer asks for them in the aggregated form, and marks an API that doesn't give it
 * as stale: namespaces could then not be deleted, as their controller wants to know everything that may be in one.
 */
export function discovery(accept: string, names: readonly string[]): ExternalMetricsResponse {
  const accepted = ["v2", "v2beta1"].find((one) => accept.includes(`g=apidiscovery.k8s.io;v=${one};`));
  if (!accepted) {
    const { kind: _, apiVersion: __, ...listed } = apiGroup;
    return { status: 200, body: { kind: "APIGroupList", apiVersion: "v1", groups: [listed] } };
  }
  const resources = names.map((resource) => ({
    resource,
    responseKind: { group, version, kind: "ExternalMetricValueList" },
    scope: "Namespaced",
    singularResource: "",
    verbs: ["get"],
  }));
  return {
    status: 200,
    contentType: `application/json;g=apidiscovery.k8s.io;v=${accepted};as=APIGroupDiscoveryList`,
    body: {
      kind: "APIGroupDiscoveryList",
      apiVersion: `apidiscovery.k8s.io/${accepted}`,
      metadata: {},
      items: [{ metadata: { name: group }, versions: [{ version, resources, freshness: "Current" }] }],
    },
  };
}
