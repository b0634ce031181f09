import { expect, test } from "vitest";
import { collectionPath, objectPath, parseApiVersion, type Resource } from "./resource-path.ts";

const pods: Resource = { group: "", version: "v1", plural: "pods", kind: "Pod", scope: "Namespaced" };
const nodePools: Resource = {
  group: "karpenter.sh",
  version: "v1",
  plural: "nodepools",
  kind: "NodePool",
  scope: "Cluster",
};

test.each([
  { path: collectionPath(pods), expected: "/api/v1/pods" },
  { path: collectionPath(pods, "default"), expected: "/api/v1/namespaces/default/pods" },
  { path: collectionPath(nodePools, "default"), expected: "/apis/karpenter.sh/v1/nodepools" },
  { path: objectPath(pods, { namespace: "a", name: "b" }, "log"), expected: "/api/v1/namespaces/a/pods/b/log" },
  { path: objectPath(nodePools, { name: "system:x/y" }), expected: "/apis/karpenter.sh/v1/nodepools/system%3Ax%2Fy" },
])("$expected", ({ path, expected }) => expect(path).toBe(expected));

test.each([
  { key: { name: "a" }, message: 'Pod "a": no namespace, expected one' },
  { key: { namespace: "a", name: "" }, message: "Pod: no name, expected the name of an object" },
])("a URL is not made from $key", ({ key, message }) => expect(() => objectPath(pods, key)).toThrow(message));

test("an apiVersion is taken apart", () => {
  expect(parseApiVersion("v1")).toEqual({ group: "", version: "v1" });
  expect(parseApiVersion("apps/v1")).toEqual({ group: "apps", version: "v1" });
});
