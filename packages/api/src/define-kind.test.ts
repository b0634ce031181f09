import { describe, expect, test } from "vitest";
import { z } from "zod";
import { crdOf } from "./crd.ts";
import { kind } from "./define-kind.ts";
import { conditions, Int32, Int64, intOrString, quantity, rules, timestamp } from "./field.ts";
import { structuralSchema } from "./structural-from-zod.ts";

describe("the structural schema of a zod schema", () => {
  test.each([
    ["a bounded integer", Int32.min(1).max(5), { type: "integer", format: "int32", minimum: 1, maximum: 5 }],
    ["an integer", Int64, { type: "integer", format: "int64" }],
    ["a positive number", z.number().positive(), { type: "number", minimum: 0, exclusiveMinimum: true }],
    ["text", z.string().min(1).regex(/^a/), { type: "string", pattern: "^a", minLength: 1 }],
    [
      "text of two patterns, the types left out below allOf",
      z.string().regex(/^a/).regex(/b$/),
      { type: "string", allOf: [{ pattern: "^a" }, { pattern: "b$" }] },
    ],
    ["one of some words", z.enum(["a", "b"]).default("a"), { type: "string", enum: ["a", "b"], default: "a" }],
    ["an instant", timestamp(), { type: "string", format: "date-time" }],
    [
      "an integer or text",
      intOrString(),
      { anyOf: [{ type: "integer" }, { type: "string" }], "x-kubernetes-int-or-string": true },
    ],
    [
      "a map with rules",
      z.record(z.string(), z.boolean()).meta(rules({ rule: "size(self) < 3" })),
      {
        type: "object",
        additionalProperties: { type: "boolean" },
        "x-kubernetes-validations": [{ rule: "size(self) < 3" }],
      },
    ],
    [
      "an object, open and with what is required in order",
      z.object({ b: z.string(), a: z.string().describe("First."), c: z.string().default("x") }),
      {
        type: "object",
        properties: {
          b: { type: "string" },
          a: { type: "string", description: "First." },
          c: { type: "string", default: "x" },
        },
        required: ["a", "b"],
      },
    ],
    ["an object of any fields", z.looseObject({}), { type: "object", "x-kubernetes-preserve-unknown-fields": true }],
  ])("%s", (_name, schema, expected) => {
    expect(structuralSchema(schema)).toEqual(expected);
  });

  test("a quantity carries the pattern of Kubernetes' own CRDs", () => {
    expect(structuralSchema(quantity())).toMatchObject({
      "x-kubernetes-int-or-string": true,
      pattern: expect.stringContaining("[KMGTPE]i"),
    });
  });

  test("conditions are merged by their type", () => {
    expect(structuralSchema(conditions())).toMatchObject({
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
    });
  });
});

const Widget = kind({
  group: "example.com",
  version: "v1",
  kind: "WidgetPolicy",
  shortNames: ["wp"],
  categories: ["all"],
  scope: "Namespaced",
  summary: "For tests.",
  columns: {
    Replicas: ".spec.replicas",
    Ready: '.status.conditions[?(@.type=="Ready")].status',
    Last: ".status.lastTime",
    Age: ".metadata.creationTimestamp",
  },
  spec: z.object({ replicas: Int32.default(1) }),
  status: z.object({ lastTime: timestamp().optional(), replicas: Int32.optional() }),
  scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
  rules: [{ rule: "self.metadata.name != 'no'", message: "no" }],
});

test("names are derived from the kind", () => {
  expect(Widget).toMatchObject({
    plural: "widgetpolicies",
    singular: "widgetpolicy",
    listKind: "WidgetPolicyList",
    apiVersion: "example.com/v1",
  });
});

test("the CRD has it all: names, columns with their types, subresources, rules", () => {
  const crd = crdOf(Widget);
  expect(crd.metadata.name).toBe("widgetpolicies.example.com");
  expect(crd.spec.names).toMatchObject({ shortNames: ["wp"], categories: ["all"] });
  const [version] = crd.spec.versions;
  expect(version).toMatchObject({ name: "v1", served: true, storage: true });
  expect(version?.additionalPrinterColumns?.map(({ name, type }) => [name, type])).toEqual([
    ["Replicas", "integer"],
    ["Ready", "string"],
    ["Last", "date"],
    ["Age", "date"],
  ]);
  expect(version?.subresources).toEqual({
    status: {},
    scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
  });
  expect(version?.schema.openAPIV3Schema).toMatchObject({
    description: "For tests.",
    required: ["spec"],
    properties: { metadata: { type: "object" } },
    "x-kubernetes-validations": [{ rule: "self.metadata.name != 'no'", message: "no" }],
  });
});

test("several versions are one CRD, the first being stored", () => {
  const Old = kind({ ...base, version: "v1beta1", spec: z.object({ count: Int32 }) });
  const New = kind({ ...base, version: "v1", spec: z.object({ replicas: Int32 }) });
  const crd = crdOf([New, Old], { deprecated: { v1beta1: "use v1" } });
  expect(crd.spec.versions.map(({ name, storage, deprecated }) => [name, storage, deprecated])).toEqual([
    ["v1", true, undefined],
    ["v1beta1", false, true],
  ]);
  expect(() => crdOf([New, Widget])).toThrow("example.com/WidgetPolicy is no version of example.com/Gadget");
});

const base = { group: "example.com", kind: "Gadget", scope: "Cluster", summary: "For tests." } as const;
