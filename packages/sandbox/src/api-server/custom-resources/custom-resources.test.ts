import type { CustomResourceDefinition, KubernetesObject, StructuralSchema } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { equalJson } from "../json-value.ts";
import { customResourceDefinition, defaultDefinition, validateDefinition } from "./custom-resource-definition.ts";

const definition = (spec: StructuralSchema, version: object = {}): CustomResourceDefinition =>
  defaultDefinition({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "tests.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "tests", kind: "Test" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties: { spec } } as object },
          ...version,
        },
      ],
    },
  });

const versionOf = (spec: StructuralSchema, version?: object) =>
  customResourceDefinition(definition(spec, version)).storageVersion;

const object = (spec: unknown) =>
  ({ apiVersion: "example.com/v1", kind: "Test", metadata: { name: "x" }, spec }) as KubernetesObject;

const texts = (errors: readonly { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message}`);

const problems = (schema: StructuralSchema, spec: unknown) =>
  texts(versionOf(schema).validateCreate(object(spec)).errors);

describe("a value that breaks its schema", () => {
  const of = (schema: StructuralSchema): StructuralSchema => ({ type: "object", properties: { a: schema } });
  test.each([
    {
      schema: { type: "integer" },
      value: "x",
      says: 'Invalid value: "string": spec.a in body must be of type integer: "string"',
    },
    {
      schema: { type: "integer" },
      value: 1.5,
      says: 'Invalid value: "number": spec.a in body must be of type integer: "number"',
    },
    {
      schema: { type: "string" },
      value: [],
      says: 'Invalid value: "array": spec.a in body must be of type string: "array"',
    },
    {
      schema: { type: "string", enum: ["a", "b"] },
      value: "c",
      says: 'Unsupported value: "c": supported values: "a", "b"',
    },
    {
      schema: { type: "integer", minimum: 1 },
      value: 0,
      says: "Invalid value: 0: spec.a in body should be greater than or equal to 1",
    },
    {
      schema: { type: "integer", maximum: 1, exclusiveMaximum: true },
      value: 1,
      says: "Invalid value: 1: spec.a in body should be less than 1",
    },
    {
      schema: { type: "string", minLength: 2 },
      value: "x",
      says: 'Invalid value: "x": spec.a in body should be at least 2 chars long',
    },
    { schema: { type: "string", maxLength: 2 }, value: "xyz", says: "Too long: may not be more than 2 bytes" },
    {
      schema: { type: "string", pattern: "^a+$" },
      value: "b",
      says: "Invalid value: \"b\": spec.a in body should match '^a+$'",
    },
    {
      schema: { type: "array", maxItems: 1, items: { type: "string" } },
      value: ["a", "b"],
      says: "Too many: 2: must have at most 1 item",
    },
    {
      schema: { type: "array", minItems: 1, items: { type: "string" } },
      value: [],
      says: "Invalid value: 0: spec.a in body should have at least 1 items",
    },
    {
      schema: { type: "string", format: "date-time" },
      value: "soon",
      says: 'Invalid value: "soon": spec.a in body must be of type date-time: "soon"',
    },
    {
      schema: { "x-kubernetes-int-or-string": true },
      value: true,
      says: 'Invalid value: "boolean": spec.a in body must be of type integer,string: "boolean"',
    },
    {
      schema: { type: "string" },
      value: null,
      says: 'Invalid value: "null": spec.a in body must be of type string: "null"',
    },
  ] as { schema: StructuralSchema; value: unknown; says: string }[])("is told: $says", ({ schema, value, says }) => {
    expect(problems(of(schema), { a: value })).toEqual([`spec.a: ${says}`]);
  });

  test("names a missing field by its path", () => {
    const schema: StructuralSchema = {
      type: "array",
      items: { type: "object", required: ["k"], properties: { k: { type: "string" } } },
    };
    expect(problems(of(schema), { a: [{}] })).toEqual(["spec.a[0].k: Required value"]);
  });

  test("tells which alternatives failed", () => {
    const schema: StructuralSchema = {
      type: "object",
      properties: { b: { type: "string" }, c: { type: "string" } },
      oneOf: [{ required: ["b"] }, { required: ["c"] }],
    };
    expect(problems(of(schema), { a: {} })).toEqual([
      '<nil>: Invalid value: "": "spec.a" must validate one and only one schema (oneOf). Found none valid',
      "spec.a.b: Required value",
    ]);
  });

  test("keeps its rules from running, and says so", () => {
    const schema: StructuralSchema = {
      type: "object",
      properties: { a: { type: "integer" } },
      "x-kubernetes-validations": [{ rule: "self.a > 1" }],
    };
    expect(problems(schema, { a: "x" })[1]).toBe(
      "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
    );
  });
});

describe("lists", () => {
  const item: StructuralSchema = {
    type: "object",
    required: ["k"],
    properties: { k: { type: "string" }, v: { type: "integer" } },
  };
  test("of type map refuse equal keys", () => {
    const schema: StructuralSchema = {
      type: "array",
      items: item,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["k"],
    };
    expect(problems({ type: "object", properties: { l: schema } }, { l: [{ k: "a" }, { k: "a", v: 1 }] })).toEqual([
      'spec.l[1]: Duplicate value: {"k":"a"}',
    ]);
  });

  test("of type set refuse equal items", () => {
    const schema: StructuralSchema = { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" };
    expect(problems({ type: "object", properties: { l: schema } }, { l: ["a", "a", "a"] })).toEqual([
      'spec.l[1]: Duplicate value: "a"',
    ]);
  });
});

describe("pruning", () => {
  const schema: StructuralSchema = {
    type: "object",
    properties: {
      a: { type: "string" },
      free: {
        type: "object",
        "x-kubernetes-preserve-unknown-fields": true,
        properties: { strict: { type: "object", properties: {} } },
      },
      map: { type: "object", additionalProperties: { type: "object", properties: { b: { type: "string" } } } },
      embedded: { type: "object", "x-kubernetes-embedded-resource": true, properties: { spec: { type: "object" } } },
    },
  };

  test("drops what the schema does not know and names it", () => {
    const spec = {
      a: "x",
      b: 1,
      free: { any: { thing: 1 }, strict: { gone: 1 } },
      map: { k: { b: "x", c: 1 } },
      embedded: { apiVersion: "v1", kind: "Pod", metadata: { name: "x" }, other: 1 },
    };
    const pruned = versionOf(schema).prune({ ...object(spec) });
    expect(pruned.unknown).toEqual(["spec.b", "spec.embedded.other", "spec.free.strict.gone", "spec.map.k.c"]);
    expect(pruned.object["spec"]).toEqual({
      a: "x",
      free: { any: { thing: 1 }, strict: {} },
      map: { k: { b: "x" } },
      embedded: { apiVersion: "v1", kind: "Pod", metadata: { name: "x" } },
    });
  });

  test("shares what did not change", () => {
    const given = { ...object({ a: "x" }) };
    expect(versionOf(schema).prune(given).object).toBe(given);
  });
});

describe("defaults", () => {
  const schema: StructuralSchema = {
    type: "object",
    properties: {
      a: { type: "string", default: "x" },
      inner: { type: "object", default: {}, properties: { n: { type: "integer", default: 3 } } },
      list: { type: "array", items: { type: "object", properties: { on: { type: "boolean", default: true } } } },
      none: { type: "string", nullable: true, default: "y" },
      plain: { type: "string" },
    },
  };

  test("fill in what is absent, from the outside in", () => {
    expect(versionOf(schema).applyDefaults(object({ list: [{}, { on: false }] }))).toEqual(
      object({ a: "x", inner: { n: 3 }, list: [{ on: true }, { on: false }], none: "y" }),
    );
  });

  test("replace a null that is not allowed, keep one that is, and drop one without a default", () => {
    expect(versionOf(schema).applyDefaults(object({ a: null, none: null, plain: null }))).toEqual(
      object({ a: "x", inner: { n: 3 }, none: null }),
    );
  });
});

describe("rules", () => {
  const rules = (
    properties: Record<string, StructuralSchema>,
    ...validations: StructuralSchema["x-kubernetes-validations"] & object
  ) => versionOf({ type: "object", properties, "x-kubernetes-validations": validations });

  test("refuse with their message", () => {
    const version = rules({ a: { type: "integer" } }, { rule: "self.a > 1", message: "a must be above 1" });
    expect(texts(version.validateCreate(object({ a: 1 })).errors)).toEqual(["spec: Invalid value: a must be above 1"]);
    expect(version.validateCreate(object({ a: 2 })).errors).toEqual([]);
  });

  test("refuse with their text where they have no message", () => {
    const version = rules({ a: { type: "integer" } }, { rule: "self.a > 1" });
    expect(texts(version.validateCreate(object({ a: 1 })).errors)).toEqual([
      "spec: Invalid value: failed rule: self.a > 1",
    ]);
  });

  test("compute their message, name a field and give a reason", () => {
    const version = rules(
      { a: { type: "integer" } },
      {
        rule: "self.a > 1",
        messageExpression: "'a is ' + string(self.a)",
        fieldPath: ".a",
        reason: "FieldValueForbidden",
      },
    );
    expect(texts(version.validateCreate(object({ a: 1 })).errors)).toEqual(["spec.a: Forbidden: a is 1"]);
  });

  test("tell how they could not be evaluated", () => {
    const version = rules({ a: { type: "integer" } }, { rule: "self.a > 1", message: "m" });
    expect(texts(version.validateCreate(object({})).errors)).toEqual([
      'spec: Invalid value: "object": no such key: a evaluating rule: m',
    ]);
  });

  test("about changes run on updates only", () => {
    const version = rules({
      a: { type: "string", "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "immutable" }] },
    });
    expect(version.validateCreate(object({ a: "1" })).errors).toEqual([]);
    expect(texts(version.validateUpdate(object({ a: "2" }), object({ a: "1" })).errors)).toEqual([
      'spec.a: Invalid value: "2": immutable',
    ]);
    expect(version.validateUpdate(object({ a: "2" }), object({})).errors).toEqual([]);
  });

  test("with an optional old value run on creations too", () => {
    const rule = "oldSelf.hasValue() ? self >= oldSelf.value() : self == 1";
    const version = rules({
      a: { type: "integer", "x-kubernetes-validations": [{ rule, optionalOldSelf: true, message: "m" }] },
    });
    expect(texts(version.validateCreate(object({ a: 2 })).errors)).toEqual(["spec.a: Invalid value: 2: m"]);
    expect(version.validateUpdate(object({ a: 2 }), object({ a: 1 })).errors).toEqual([]);
  });

  test("find the old item of a list of type map by its keys", () => {
    const items: StructuralSchema = {
      type: "object",
      required: ["k"],
      properties: { k: { type: "string" }, v: { type: "integer" } },
      "x-kubernetes-validations": [{ rule: "self.v >= oldSelf.v", message: "v can't go down" }],
    };
    const version = rules({
      l: { type: "array", items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"] },
    });
    const before = object({
      l: [
        { k: "a", v: 1 },
        { k: "b", v: 5 },
      ],
    });
    const verdict = version.validateUpdate(
      object({
        l: [
          { k: "b", v: 4 },
          { k: "a", v: 1 },
        ],
      }),
      before,
    );
    expect(texts(verdict.errors)).toEqual(["spec.l[0]: Invalid value: v can't go down"]);
  });

  test("read dates, durations, names with dashes and integers or strings", () => {
    const version = rules(
      {
        t: { type: "string", format: "date-time" },
        d: { type: "string", format: "duration" },
        "a-b": { type: "string" },
        p: { "x-kubernetes-int-or-string": true },
        namespace: { type: "string" },
      },
      { rule: "self.t > timestamp('2020-01-01T00:00:00Z') && self.d >= duration('1m') && self.a__dash__b == 'x'" },
      { rule: "type(self.p) == int ? self.p > 2 : self.p.endsWith('%')" },
      { rule: "self.__namespace__ == 'n'" },
    );
    const spec = { t: "2026-01-01T00:00:00Z", d: "90s", "a-b": "x", p: "5%", namespace: "n" };
    expect(version.validateCreate(object(spec)).errors).toEqual([]);
    expect(version.validateCreate(object({ ...spec, p: 1, d: "5s" })).errors).toHaveLength(2);
  });
});

describe("an update", () => {
  const schema: StructuralSchema = {
    type: "object",
    properties: { a: { type: "string", enum: ["x"] }, n: { type: "integer", maximum: 3 } },
    "x-kubernetes-validations": [{ rule: "!has(self.n) || self.n != 2", message: "not two" }],
  };

  test("tolerates what was wrong before and did not change", () => {
    const version = versionOf(schema);
    expect(version.validateUpdate(object({ a: "bad", n: 1 }), object({ a: "bad" })).errors).toEqual([]);
    expect(texts(version.validateUpdate(object({ a: "worse" }), object({ a: "bad" })).errors)[0]).toBe(
      'spec.a: Unsupported value: "worse": supported values: "x"',
    );
  });

  test("warns of a rule that an unchanged value breaks", () => {
    const verdict = versionOf(schema).validateUpdate(object({ n: 2 }), object({ n: 2 }));
    expect(verdict).toEqual({ errors: [], warnings: ["spec: Invalid value: not two"] });
  });
});

describe("a definition", () => {
  const refused = (crd: CustomResourceDefinition) => texts(validateDefinition(crd));
  const named = (metadata: { name: string }, spec: object = {}) => {
    const crd = definition({ type: "object" });
    return { ...crd, metadata, spec: { ...crd.spec, ...spec } } as CustomResourceDefinition;
  };

  test("that is sound has no problems", () => {
    expect(refused(definition({ type: "object" }))).toEqual([]);
  });

  test.each([
    {
      crd: named({ name: "x.example.com" }),
      says: 'metadata.name: Invalid value: "x.example.com": must be spec.names.plural+"."+spec.group',
    },
    {
      crd: named({ name: "tests.example.com" }, { scope: "Galaxy" }),
      says: 'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"',
    },
    {
      crd: definition({}),
      says: "spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields",
    },
    {
      crd: definition({ type: "array" }),
      says: "spec.validation.openAPIV3Schema.properties[spec].items: Required value: must be specified",
    },
    {
      crd: definition({ type: "object", anyOf: [{ type: "string" }] }),
      says: "spec.validation.openAPIV3Schema.properties[spec].anyOf[0].type: Forbidden: must be empty to be structural",
    },
    {
      crd: definition({
        type: "object",
        properties: { a: { type: "string" } },
        "x-kubernetes-validations": [{ rule: "self.b == ''" }],
      }),
      says: `spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self.b == ''","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:5: undefined field 'b'\n | self.b == ''\n | ....^`,
    },
    {
      crd: definition(
        { type: "object" },
        { subresources: { scale: { specReplicasPath: ".foo", statusReplicasPath: ".status.n" } } },
      ),
      says: 'spec.subresources.scale.specReplicasPath: Invalid value: ".foo": should be a json path under .spec',
    },
    {
      crd: definition({ type: "object", properties: { a: { type: "integer", default: "x" } } }),
      says: 'spec.validation.openAPIV3Schema.properties[spec].properties[a].default: Invalid value: "string":  in body must be of type integer: "string"',
    },
  ])("is refused: $says", ({ crd, says }) => expect(refused(crd)).toEqual([says]));

  test.each([
    { rule: "self.a", says: "cel expression must evaluate to a bool" },
    {
      rule: "self.a > 'x'",
      says: "compilation failed: ERROR: <input>:1:8: found no matching overload for '_>_' applied to '(int, string)'\n | self.a > 'x'\n | .......^",
    },
    {
      rule: "nope(self.a)",
      says: "compilation failed: ERROR: <input>:1:5: undeclared reference to 'nope' (in container '')\n | nope(self.a)\n | ....^",
    },
  ])("is refused for the rule $rule", ({ rule, says }) => {
    const crd = definition({
      type: "object",
      properties: { a: { type: "integer" } },
      "x-kubernetes-validations": [{ rule }],
    });
    expect(refused(crd)[0]).toContain(says);
  });

  test("can't rename its kind once established", () => {
    const old = definition({ type: "object" });
    const status = { conditions: [{ type: "Established", status: "True" }], storedVersions: ["v1"] };
    const renamed = {
      ...old,
      spec: { ...old.spec, names: { ...old.spec?.names, kind: "Other" } },
      status,
    } as CustomResourceDefinition;
    expect(refused(renamed)).toEqual([]);
    expect(texts(validateDefinition(renamed, { ...old, status } as CustomResourceDefinition))).toEqual([
      'spec.names.kind: Invalid value: "Other": field is immutable',
    ]);
  });

  test("keeps its schema equal to itself when defaulted twice", () => {
    const crd = definition({ type: "object" });
    expect(equalJson(defaultDefinition(crd), crd)).toBe(true);
  });
});
