import type { StructuralSchema } from "@bellows/api";
import { builtinDefinitions } from "@bellows/api/builtin";
import { describe, expect, test } from "vitest";
import { SchemaView } from "../schema-view.ts";
import { OpenApi, type OpenApiResource } from "./openapi.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const deployments: OpenApiResource = {
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  listKind: "DeploymentList",
  namespaced: true,
  verbs,
  subresources: [
    { name: "scale", group: "autoscaling", version: "v1", kind: "Scale", verbs: ["get", "patch", "update"] },
  ],
  custom: false,
  rules: { schema: SchemaView.of("io.k8s.api.apps.v1.Deployment", builtinDefinitions()) },
};
const schema: StructuralSchema = {
  description: "A sky.",
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: { blue: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] } },
    },
  },
};
const skies: OpenApiResource = {
  ...deployments,
  group: "example.com",
  kind: "Sky",
  plural: "skies",
  listKind: "SkyList",
  namespaced: false,
  subresources: [],
  custom: true,
  rules: { schema: { schema, definition: undefined } },
};

const openapi = new OpenApi(() => [deployments, skies]);

describe("version 3", () => {
  test("lists its group versions with the hash of each", () => {
    const { paths } = openapi.v3Index();
    expect(Object.keys(paths)).toEqual(["apis/apps/v1", "apis/example.com/v1"]);
    expect(paths["apis/apps/v1"]?.serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
    expect(openapi.v3("apis/nope/v1")).toBeUndefined();
  });

  test("has every schema that a group version needs, and no other", () => {
    const schemas = openapi.v3("apis/apps/v1")?.components.schemas ?? {};
    expect(schemas["io.k8s.api.apps.v1.Deployment"]).toMatchObject({
      "x-kubernetes-group-version-kind": [{ group: "apps", version: "v1", kind: "Deployment" }],
    });
    expect(schemas["io.k8s.api.core.v1.PodSpec"]).toMatchObject({
      properties: {
        containers: {
          "x-kubernetes-patch-merge-key": "name",
          "x-kubernetes-patch-strategy": "merge",
          items: { allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.Container" }] },
        },
      },
    });
    expect(schemas["io.k8s.api.core.v1.Node"]).toBeUndefined();
    const references = [...JSON.stringify(schemas).matchAll(/#\/components\/schemas\/([\w.]+)/g)].map(
      ([, name]) => name as string,
    );
    expect(references.filter((name) => !schemas[name])).toEqual([]);
  });

  test("tells kubectl that patches take fieldValidation", () => {
    const path = openapi.v3("apis/apps/v1")?.paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"];
    expect(path).toMatchObject({
      patch: {
        parameters: expect.arrayContaining([expect.objectContaining({ name: "fieldValidation", in: "query" })]),
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": { group: "apps", version: "v1", kind: "Deployment" },
      },
    });
  });

  test("names a custom resource by its group backwards, and gives it metadata", () => {
    const schemas = openapi.v3("apis/example.com/v1")?.components.schemas ?? {};
    expect(schemas["com.example.v1.Sky"]).toMatchObject({
      description: "A sky.",
      properties: {
        metadata: { $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" },
        spec: { properties: { blue: { anyOf: [{ type: "integer" }, { type: "string" }] } } },
      },
    });
    expect(schemas["com.example.v1.SkyList"]).toMatchObject({ required: ["items"] });
  });
});

describe("version 2", () => {
  test("refers to its definitions, and leaves out what it can't say", () => {
    const { definitions, paths } = openapi.v2();
    expect(definitions["com.example.v1.Sky"]).toMatchObject({
      properties: { spec: { properties: { blue: { "x-kubernetes-int-or-string": true } } } },
    });
    expect(JSON.stringify(definitions["com.example.v1.Sky"])).not.toContain("anyOf");
    expect(paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]?.["patch"]).toMatchObject({
      consumes: expect.arrayContaining(["application/strategic-merge-patch+json"]),
    });
  });

  test("is also a protobuf message that starts with its version", () => {
    const bytes = openapi.v2Protobuf();
    expect([...bytes.slice(0, 5)]).toEqual([10, 3, 50, 46, 48]);
    expect(bytes.length).toBeGreaterThan(10_000);
  });
});

test("a change of a resource changes the hash of its group version only", () => {
  let list = [deployments, skies];
  const changing = new OpenApi(() => list);
  const before = changing.v3Index().paths;
  list = [
    deployments,
    { ...skies, rules: { schema: { schema: { ...schema, description: "Another." }, definition: undefined } } },
  ];
  changing.invalidate(skies);
  const after = changing.v3Index().paths;
  expect(after["apis/apps/v1"]).toEqual(before["apis/apps/v1"]);
  expect(after["apis/example.com/v1"]).not.toEqual(before["apis/example.com/v1"]);
});

test("protobuf numbers take seven bits a byte, and empty values nothing", () => {
  const bytes = new ProtobufWriter()
    .integer(1, 300)
    .text(2, "")
    .flag(3, true)
    .message(4, () => {})
    .finish();
  expect([...bytes]).toEqual([8, 172, 2, 24, 1, 34, 0]);
});
