import type { KubernetesObject, OwnerReference } from "@bellows/api";
import { expect, test } from "vitest";
import { owned, self, type Watch } from "./controller.ts";
import { aKind } from "./testing/fake-api-server.ts";

const Pod = aKind("Pod");
const ReplicaSet = aKind("ReplicaSet", { group: "apps" });
const Node = aKind("Node", { scope: "Cluster" });
const owner = (apiVersion: string, kind: string, controller = true): OwnerReference => ({
  apiVersion,
  kind,
  name: "o",
  uid: "u",
  controller,
});
const keys = (watch: Watch, ownerReferences: OwnerReference[], namespace?: string) => {
  const object: KubernetesObject = { metadata: { name: "p", ownerReferences, ...(namespace && { namespace }) } };
  return [...watch.keys(object as never, undefined as never)];
};

test.each([
  {
    name: "the controlling owner",
    references: [owner("apps/v1", "ReplicaSet")],
    woken: [{ namespace: "ns", name: "o" }],
  },
  {
    name: "it in another version",
    references: [owner("apps/v1beta2", "ReplicaSet")],
    woken: [{ namespace: "ns", name: "o" }],
  },
  { name: "no owner that does not control", references: [owner("apps/v1", "ReplicaSet", false)], woken: [] },
  { name: "no kind of that name in another group", references: [owner("example.dev/v1", "ReplicaSet")], woken: [] },
  { name: "nobody, where there is no owner", references: [], woken: [] },
])("an owned object wakes $name", ({ references, woken }) => {
  expect(keys(owned(Pod, ReplicaSet), references, "ns")).toEqual(woken);
});

test("a cluster-scoped owner is named without a namespace", () => {
  expect(keys(owned(Pod, Node), [owner("v1", "Node")], "ns")).toEqual([{ name: "o" }]);
});

test("an object wakes itself", () => {
  expect(keys(self(Pod), [], "ns")).toEqual([{ namespace: "ns", name: "p" }]);
  expect(keys(self(Node), [])).toEqual([{ name: "p" }]);
});
