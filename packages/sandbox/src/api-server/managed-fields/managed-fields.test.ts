import { builtinDefinitions } from "@bellows/api/builtin";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SchemaView } from "../schema-view.ts";
import { StatusError } from "../status-error.ts";
import { difference, type FieldSet, intersection, union } from "./field-set.ts";
import { recordUpdate, serverSideApply } from "./index.ts";

const schema = SchemaView.of("io.k8s.api.core.v1.ConfigMap", builtinDefinitions());
const now = "2026-01-01T00:00:00Z";
const configMap = (data: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "b" },
  data,
});
type Stored = ReturnType<typeof configMap> & {
  metadata: { managedFields?: { manager?: string; fieldsV1?: object }[] };
};
const apply = (live: object | undefined, manager: string, data: Record<string, string>, force = false): Stored =>
  serverSideApply<Stored>({ live, config: configMap(data), schema, apiVersion: "v1", manager, force, now });
const anyData = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("1", "2"));

describe("server-side apply", () => {
  test("of the same twice leaves the object as it is", () => {
    fc.assert(
      fc.property(anyData, (data) => {
        const live = apply(undefined, "one", data);
        expect(apply(live, "one", data)).toEqual(live);
      }),
    );
  });

  test("creates an object that is nothing but a name", () => {
    const config = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "b" } };
    const created = serverSideApply<Stored>({ live: undefined, config, schema, apiVersion: "v1", manager: "one", now });
    expect(created).toMatchObject(config);
  });

  test("never conflicts between appliers of different fields", () => {
    fc.assert(
      fc.property(anyData, anyData, (left, right) => {
        const other = Object.fromEntries(Object.entries(right).map(([key, value]) => [`other-${key}`, value]));
        const merged = apply(apply(undefined, "one", left), "two", other);
        expect(merged.data ?? {}).toEqual({ ...left, ...other });
      }),
    );
  });

  test("removes what its manager no longer applies and nobody else owns", () => {
    const live = apply(apply(undefined, "one", { a: "1", b: "1" }), "two", { b: "1" });
    expect(apply(live, "one", {}).data).toEqual({ b: "1" });
  });

  test("names the manager and the field it conflicts with", () => {
    const created = configMap({ a: "1" });
    const managedFields = recordUpdate({
      before: undefined,
      after: created,
      schema,
      apiVersion: "v1",
      manager: "edit",
      now,
    });
    const live = { ...created, metadata: { ...created.metadata, uid: "u", managedFields } };
    let refusal: unknown;
    try {
      apply(live, "one", { a: "2" });
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(StatusError);
    expect((refusal as StatusError).status).toMatchObject({
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "edit" using v1: .data.a',
      details: {
        causes: [{ reason: "FieldManagerConflict", message: 'conflict with "edit" using v1', field: ".data.a" }],
      },
    });
    expect(apply(live, "one", { a: "2" }, true).data).toEqual({ a: "2" });
  });
});

test("an update that changes nothing leaves the owners and their times alone", () => {
  const live = apply(undefined, "one", { a: "1" });
  const owners = recordUpdate({
    before: live,
    after: { ...live },
    schema,
    apiVersion: "v1",
    manager: "two",
    now: "later",
  });
  expect(owners).toBe(live.metadata.managedFields);
});

test("field sets are united, subtracted and intersected like sets", () => {
  const set: fc.Arbitrary<FieldSet | undefined> = fc
    .letrec<{ node: FieldSet }>((tie) => ({
      node: fc
        .dictionary(fc.constantFrom("f:a", "f:b", "."), fc.oneof({ maxDepth: 3 }, fc.constant({}), tie("node")))
        .map((node) =>
          Object.keys(node).length === 1 && "." in node ? {} : "." in node ? { ...node, ".": {} } : node,
        ),
    }))
    .node.map((node) => {
      const { ".": _, ...rest } = node;
      return Object.keys(rest).length ? rest : undefined;
    });
  fc.assert(
    fc.property(set, (a) => {
      expect(union(a, a)).toEqual(a);
      expect(difference(a, a)).toBeUndefined();
      expect(intersection(a, a)).toEqual(a);
    }),
  );
});
