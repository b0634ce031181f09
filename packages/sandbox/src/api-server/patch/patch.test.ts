import { builtinDefinitions } from "@bellows/api/builtin";
import { expect, test } from "vitest";
import { SchemaView } from "../schema-view.ts";
import { jsonPatch, mergePatch, strategicMergePatch } from "./index.ts";

const schema = SchemaView.of("io.k8s.api.core.v1.PodSpec", builtinDefinitions());
const spec = {
  containers: [
    { name: "a", image: "1" },
    { name: "b", image: "2" },
  ],
  nodeSelector: { x: "y" },
};

test.each([
  { name: "merges a list by its key", patch: { containers: [{ name: "b", image: "3" }] }, images: ["1", "3"] },
  { name: "deletes an item", patch: { containers: [{ name: "a", $patch: "delete" }] }, images: ["2"] },
  { name: "replaces a list", patch: { containers: [{ name: "c", image: "4" }, { $patch: "replace" }] }, images: ["4"] },
  {
    name: "orders a list",
    patch: { "$setElementOrder/containers": [{ name: "b" }, { name: "a" }] },
    images: ["2", "1"],
  },
])("a strategic merge patch $name", ({ patch, images }) => {
  const patched = strategicMergePatch(spec, patch, schema);
  expect(patched.containers.map(({ image }) => image)).toEqual(images);
  expect(patched.nodeSelector).toBe(spec.nodeSelector);
});

test("a merge patch deletes by null", () => {
  expect(mergePatch<object>({ a: 1, b: { c: 2 } }, { a: null, b: { d: { e: null } } })).toEqual({ b: { c: 2, d: {} } });
});

test("a JSON patch leaves its document alone and applies all or nothing", () => {
  const document = { list: [1, 2], "a/b": 1 };
  expect(
    jsonPatch<object>(document, [
      { op: "add", path: "/list/-", value: 3 },
      { op: "remove", path: "/a~1b" },
    ]),
  ).toEqual({
    list: [1, 2, 3],
  });
  expect(document.list).toEqual([1, 2]);
  expect(() => jsonPatch(document, [{ op: "test", path: "/list/0", value: 2 }])).toThrow("rejected our request");
});
