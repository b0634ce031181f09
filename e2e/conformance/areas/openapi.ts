import { area, it } from "../harness/case.ts";
import type { Json } from "../harness/conversation.ts";

/** The shape of a schema without its prose: types, references, what kubectl reads to merge and to explain. */
function shape(value: Json, named = false): Json {
  if (Array.isArray(value)) return value.map((item) => shape(item));
  if (!value || typeof value !== "object") return value;
  const out: Record<string, Json> = {};
  for (const key in value) {
    if (named) out[key] = shape(value[key]);
    else if (key === "description") continue;
    // A reference stands in allOf where prose stands beside it.
    else if (key === "allOf" && value.allOf.length === 1) Object.assign(out, value.allOf[0]);
    else out[key] = key === "default" ? value[key] : shape(value[key], key === "properties");
  }
  return out;
}

const kinds: Readonly<Record<string, readonly string[]>> = {
  "api/v1": [
    "Pod",
    "PodSpec",
    "Container",
    "Service",
    "ServiceSpec",
    "ConfigMap",
    "Secret",
    "Node",
    "NodeStatus",
    "Namespace",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Event",
    "Endpoints",
    "ServiceAccount",
    "ResourceQuota",
    "LimitRange",
    "ReplicationController",
    "Affinity",
    "Probe",
    "Volume",
    "Toleration",
  ],
  "apis/apps/v1": [
    "Deployment",
    "DeploymentSpec",
    "ReplicaSet",
    "StatefulSet",
    "StatefulSetSpec",
    "DaemonSet",
    "ControllerRevision",
  ],
  "apis/batch/v1": ["Job", "JobSpec", "CronJob", "CronJobSpec"],
  "apis/autoscaling/v2": ["HorizontalPodAutoscaler", "HorizontalPodAutoscalerSpec", "MetricSpec"],
  "apis/autoscaling/v1": ["Scale", "HorizontalPodAutoscaler"],
  "apis/policy/v1": ["PodDisruptionBudget", "Eviction"],
  "apis/networking.k8s.io/v1": ["Ingress", "NetworkPolicy"],
  "apis/rbac.authorization.k8s.io/v1": ["Role", "ClusterRoleBinding"],
  "apis/storage.k8s.io/v1": ["StorageClass"],
  "apis/coordination.k8s.io/v1": ["Lease"],
  "apis/discovery.k8s.io/v1": ["EndpointSlice"],
  "apis/scheduling.k8s.io/v1": ["PriorityClass"],
  "apis/apiextensions.k8s.io/v1": ["CustomResourceDefinition", "JSONSchemaProps"],
  "apis/admissionregistration.k8s.io/v1": [
    "ValidatingWebhookConfiguration",
    "MutatingWebhook",
    "ValidatingAdmissionPolicy",
  ],
};
const alone = { clusterOnly: true };

/** OpenAPI as kubectl reads it: v3 by group and version, and v2. */
export const openapi = area("openapi", [
  it(
    "the index of version 3 names the built-in groups",
    (t) =>
      t.get("/openapi/v3", {
        show: ({ paths }) =>
          Object.keys(paths)
            .filter(
              (path) =>
                !/example|karpenter|keda|bellows|^apis\/autoscaling\.k8s\.io|^\.well-known|^logs$|metrics\.k8s/.test(
                  path,
                ),
            )
            .sort(),
      }),
    alone,
  ),
  it(
    "an address in the index carries a hash, and may be kept for long",
    async (t) => {
      const { body } = await t.get("/openapi/v3", {
        show: ({ paths }) => paths["apis/apps/v1"].serverRelativeURL.replace(/=.*/, "=HASH"),
      });
      const { headers } = await t.get(body.paths["apis/apps/v1"].serverRelativeURL, {
        show: ({ openapi: version }) => version,
      });
      t.note("cache-control", headers["cache-control"]);
    },
    alone,
  ),
  it("a group that version 3 does not describe", (t) => t.get("/openapi/v3/apis/none.example.com/v1"), alone),
  ...Object.entries(kinds).flatMap(([group, names]) =>
    names.map((name) =>
      it(
        `the schema of ${group.replace(/^apis?\//, "")} ${name}`,
        (t) =>
          t.get(`/openapi/v3/${group}`, {
            show: ({ components }) =>
              Object.entries(components.schemas)
                .filter(([key]) => key.endsWith(`.${name}`))
                .map(([key, schema]) => [key, shape(schema)]),
          }),
        alone,
      ),
    ),
  ),
  ...Object.keys(kinds).map((group) =>
    it(
      `the operations of ${group}`,
      (t) =>
        t.get(`/openapi/v3/${group}`, {
          show: ({ paths }) =>
            Object.entries(paths as Record<string, Json>)
              .filter(([path]) => !path.endsWith("/") && !path.includes("/watch/"))
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([path, item]) => [
                path,
                Object.entries(item as Record<string, Json>)
                  .filter(([verb]) => /get|post|put|patch|delete/.test(verb))
                  .sort(([a], [b]) => (a < b ? -1 : 1))
                  .map(([verb, operation]) => [
                    verb,
                    operation["x-kubernetes-action"],
                    operation["x-kubernetes-group-version-kind"]?.kind,
                  ]),
              ]),
        }),
      alone,
    ),
  ),
  it(
    "fieldValidation is among a write's parameters, which tells kubectl to ask for it",
    (t) =>
      t.get("/openapi/v3/apis/apps/v1", {
        show: ({ paths }) => {
          const path = paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"];
          return ["put", "patch", "delete"].map((verb) => path[verb].parameters.map((one: Json) => one.name).sort());
        },
      }),
    alone,
  ),
  it(
    "the schema of a Deployment in version 2",
    (t) =>
      t.get("/openapi/v2", {
        headers: { accept: "application/json" },
        show: ({ swagger, definitions }) => [
          swagger,
          shape(definitions["io.k8s.api.apps.v1.Deployment"]),
          shape(definitions["io.k8s.api.core.v1.Container"]),
        ],
      }),
    alone,
  ),
  it("a custom resource's schema is published", async (t) => {
    t.deleteAtEnd(`customresourcedefinitions/widgets.${t.ns}.example.com`);
    await t.given("customresourcedefinitions", {
      metadata: { name: `widgets.${t.ns}.example.com` },
      spec: {
        group: `${t.ns}.example.com`,
        scope: "Namespaced",
        names: { plural: "widgets", kind: "Widget" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            subresources: { status: {} },
            schema: {
              openAPIV3Schema: {
                type: "object",
                description: "a widget",
                properties: {
                  spec: {
                    type: "object",
                    required: ["size"],
                    properties: {
                      size: { type: "integer", minimum: 1, description: "how big" },
                      port: { "x-kubernetes-int-or-string": true },
                    },
                  },
                },
              },
            },
          },
        ],
      },
    });
    await t.until(
      `/openapi/v3/apis/${t.ns}.example.com/v1`,
      ({ components }) => Object.keys(components.schemas).some((key) => key.endsWith("Widget")),
      ({ components, paths }) => ({
        schema: shape(Object.entries(components.schemas).filter(([key]) => /Widget/.test(key))),
        paths: Object.keys(paths).sort(),
      }),
    );
  }),
]);
