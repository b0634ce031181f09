import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { builtinDefinitions, builtinDocument, builtinResources, metricsResources } from "./definitions.ts";
import { builtinDescription } from "./descriptions.ts";
import { autoscalingDescriptions } from "./descriptions-autoscaling.ts";
import { coreDescriptions } from "./descriptions-core.ts";
import { workloadDescriptions } from "./descriptions-workloads.ts";
import { emitTypeScript } from "./emit-typescript.ts";
import {
  CustomResourceDefinition,
  Deployment,
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerV1,
  Namespace,
  NodeMetrics,
  Pod,
  Service,
} from "./kinds.generated.ts";
import { metricsDefinitions, metricsServerResources } from "./metrics-definitions.ts";
import { ZodDefinitions } from "./zod-from-schema.ts";

describe("the generated files", () => {
  test("are what the generator makes of openapi.generated.json today", () => {
    const onDisk = new Map(
      readdirSync(import.meta.dirname)
        .filter((file) => file.endsWith(".generated.ts"))
        .map((file) => [file, readFileSync(join(import.meta.dirname, file), "utf8")]),
    );
    const made = emitTypeScript(builtinDocument());
    expect([...onDisk.keys()].sort()).toEqual([...made.keys()].sort());
    for (const [file, text] of made) expect(onDisk.get(file) === text, `${file} is stale`).toBe(true);
  });

  test("hold the metrics definitions as they are written", () => {
    expect(builtinDefinitions()).toMatchObject(metricsDefinitions);
    expect(metricsResources()).toEqual(metricsServerResources);
  });
});

describe("definitions", () => {
  test("refer only to definitions that exist", () => {
    const definitions = builtinDefinitions();
    const missing = new Set<string>();
    JSON.stringify(definitions, (key, value: unknown) => {
      if (key === "$ref" && typeof value === "string" && !(value in definitions)) missing.add(value);
      return value;
    });
    expect([...missing]).toEqual([]);
  });

  test("carry what patches and server-side apply go by", () => {
    const containers = builtinDefinitions()["io.k8s.api.core.v1.PodSpec"]?.properties?.["containers"];
    expect(containers).toMatchObject({
      items: { $ref: "io.k8s.api.core.v1.Container" },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      "x-kubernetes-patch-strategy": "merge",
      "x-kubernetes-patch-merge-key": "name",
    });
    const port = builtinDefinitions()["io.k8s.api.core.v1.ContainerPort"]?.properties?.["protocol"];
    expect(port).toMatchObject({ default: "TCP", enum: ["SCTP", "TCP", "UDP"] });
  });

  test("have no descriptions", () => {
    expect(JSON.stringify(builtinDefinitions())).not.toMatch(/"description":"/);
  });
});

describe("resources", () => {
  const find = (group: string, plural: string) =>
    builtinResources().filter((resource) => resource.group === group && resource.plural === plural);

  test("come in the order of discovery, the preferred version first", () => {
    expect(builtinResources()[0]?.plural).toBe("bindings");
    expect(find("autoscaling", "horizontalpodautoscalers").map((resource) => resource.version)).toEqual(["v2", "v1"]);
  });

  test("are release versions only", () => {
    expect(builtinResources().filter((resource) => !/^v\d+$/.test(resource.version))).toEqual([]);
  });

  test("name the kinds of their subresources", () => {
    const [pods] = find("", "pods");
    expect(pods?.subresources.find((sub) => sub.name === "eviction")).toMatchObject({
      group: "policy",
      version: "v1",
      kind: "Eviction",
      verbs: ["create"],
      definition: "io.k8s.api.policy.v1.Eviction",
    });
    const [deployments] = find("apps", "deployments");
    expect(deployments?.subresources.map((sub) => `${sub.name} ${sub.group}/${sub.version} ${sub.kind}`)).toEqual([
      "scale autoscaling/v1 Scale",
      "status apps/v1 Deployment",
    ]);
  });

  test("have every definition they name", () => {
    for (const resource of [...builtinResources(), ...metricsResources()]) {
      expect(builtinDefinitions()).toHaveProperty([resource.definition]);
      if (resource.verbs.includes("list")) expect(resource.listDefinition).toBe(`${resource.definition}List`);
    }
  });
});

describe("descriptions", () => {
  test("are about fields that exist", () => {
    const texts = { ...coreDescriptions, ...workloadDescriptions, ...autoscalingDescriptions };
    for (const [definition, fields] of Object.entries(texts)) {
      expect(builtinDefinitions()).toHaveProperty([definition]);
      for (const field of Object.keys(fields).filter((name) => name !== "")) {
        expect(builtinDefinitions()[definition]?.properties, definition).toHaveProperty([field]);
      }
    }
  });

  test("fall back to what every kind has in common, and to nothing", () => {
    expect(builtinDescription("io.k8s.api.core.v1.Pod", "spec")).toBe("What to run, and where it may run.");
    expect(builtinDescription("io.k8s.api.node.v1.RuntimeClass", "kind")).toBe("Kind of the object.");
    expect(builtinDescription("io.k8s.api.node.v1.RuntimeClass", "handler")).toBeUndefined();
    expect(builtinDescription("io.k8s.api.node.v1.RuntimeClass")).toBeUndefined();
  });
});

describe("kinds", () => {
  test.each([
    [Pod, "v1", "pods", ["po"], ["all"], "Namespaced"],
    [Namespace, "v1", "namespaces", ["ns"], [], "Cluster"],
    [Deployment, "apps/v1", "deployments", ["deploy"], ["all"], "Namespaced"],
    [HorizontalPodAutoscaler, "autoscaling/v2", "horizontalpodautoscalers", ["hpa"], ["all"], "Namespaced"],
    [HorizontalPodAutoscalerV1, "autoscaling/v1", "horizontalpodautoscalers", ["hpa"], ["all"], "Namespaced"],
    [
      CustomResourceDefinition,
      "apiextensions.k8s.io/v1",
      "customresourcedefinitions",
      ["crd", "crds"],
      ["api-extensions"],
      "Cluster",
    ],
    [NodeMetrics, "metrics.k8s.io/v1beta1", "nodes", [], [], "Cluster"],
  ])("$kind has the names that discovery gives", (kind, apiVersion, plural, shortNames, categories, scope) => {
    expect(kind).toMatchObject({ apiVersion, plural, shortNames, categories, scope, custom: undefined });
    expect(kind.listKind).toBe(`${kind.kind}List`);
  });

  test("a schema says where an object has the wrong type", () => {
    const pod = { metadata: { name: "a" }, spec: { containers: [{ name: "a", ports: [{ containerPort: "http" }] }] } };
    const issues = Pod.schema.safeParse(pod).error?.issues;
    expect(issues?.map((issue) => issue.path.join("."))).toEqual(["spec.containers.0.ports.0.containerPort"]);
  });

  test("a schema keeps unknown fields and takes null for not set", () => {
    const service = {
      metadata: { name: "a", creationTimestamp: null },
      spec: {
        ports: [
          { port: 80, targetPort: "http" },
          { port: 81, targetPort: 8081 },
        ],
        future: { field: 1 },
      },
    };
    expect(Service.schema.parse(service)).toEqual(service);
  });

  test("a schema knows the values of a field, and takes an empty one for not set", () => {
    const tolerating = (effect: string) => ({
      metadata: { name: "a" },
      spec: { containers: [{ name: "a" }], tolerations: [{ operator: "Exists", effect }] },
    });
    expect(Pod.schema.safeParse(tolerating("NoExecute")).success).toBe(true);
    expect(Pod.schema.safeParse(tolerating("")).success).toBe(true);
    expect(Pod.schema.safeParse(tolerating("Never")).success).toBe(false);
  });

  test("a schema may refer to itself", () => {
    const schema = { type: "object", properties: { a: { type: "array", items: { type: "string" } } } };
    const crd = {
      metadata: { name: "as.example.com" },
      spec: {
        group: "example.com",
        names: { kind: "A", plural: "as" },
        scope: "Namespaced",
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    };
    expect(CustomResourceDefinition.schema.parse(crd)).toEqual(crd);
  });

  test("an unknown definition is named", () => {
    expect(() => new ZodDefinitions(() => ({})).get("io.example.Thing")).toThrow("no definition io.example.Thing");
  });
});
