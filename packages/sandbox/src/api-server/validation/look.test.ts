import { expect, test } from "vitest";
import { validateUpdate } from "./index.ts";

/** The same in both: it was fine before. */
const spec = {};
const object = (labels: object, finalizers: readonly string[] = []) => ({
  spec,
  metadata: { name: "one", namespace: "default", uid: "u", labels, finalizers },
});
const toldOf = (group: string, kind: string, subresource = "") =>
  validateUpdate({ group, version: "v1", kind }, object({ a: "not valid" }), object({}), subresource).length;

test.each([
  ["what is asked of every object, and no more", "policy", "PodDisruptionBudget", 2],
  ["the change, and then the whole", "networking.k8s.io", "Ingress", 4],
  ["the change", "apps", "Deployment", 3],
  ["the whole and the change", "", "LimitRange", 3],
  ["the whole twice", "", "PersistentVolume", 4],
])("a label is told as often as the kind looks at it: %s", (_, group, kind, times) => {
  expect(toldOf(group, kind)).toBe(times);
});

test("a status has its metadata looked at once more, but of kinds that do not", () => {
  expect(toldOf("apps", "DaemonSet", "status")).toBe(3);
  expect(toldOf("batch", "CronJob", "status")).toBe(2);
});

test("finalizers without a domain are refused by most kinds", () => {
  const refused = (group: string, kind: string) =>
    validateUpdate({ group, version: "v1", kind }, object({}, ["c"]), object({})).map(({ field }) => field);
  expect(refused("apps", "Deployment")).toEqual(["metadata.finalizers[0]"]);
  expect(refused("coordination.k8s.io", "Lease")).toEqual([]);
});
