import { describe, expect, test } from "vitest";
import { applyDefaults } from "./index.ts";

const pod = (spec: object) =>
  applyDefaults<{ spec: Record<string, unknown> }>({ group: "", version: "v1", kind: "Pod" }, { spec: { ...spec } });
const containersOf = (spec: object) => pod(spec).spec["containers"] as Record<string, unknown>[];

describe("a pod", () => {
  test.each([
    ["nginx", "Always"],
    ["nginx:latest", "Always"],
    ["nginx:1.27", "IfNotPresent"],
    ["registry.example:5000/nginx", "Always"],
    [`nginx@sha256:${"a".repeat(64)}`, "IfNotPresent"],
  ])("with image %s is pulled %s", (image, imagePullPolicy) => {
    expect(containersOf({ containers: [{ name: "a", image }] })[0]).toMatchObject({ imagePullPolicy });
  });

  test("requests what it is limited to", () => {
    const resources = { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "100m" } };
    expect(containersOf({ containers: [{ name: "a", image: "b", resources }] })[0]).toMatchObject({
      resources: { requests: { cpu: "100m", memory: "1Gi" } },
    });
  });

  test("is the same object the second time", () => {
    const once = pod({ containers: [{ name: "a", image: "b", ports: [{ containerPort: 80 }] }] });
    expect(applyDefaults({ group: "", version: "v1", kind: "Pod" }, once)).toBe(once);
  });
});

test("a HorizontalPodAutoscaler without metrics follows 80 % CPU, and fills in both directions of a behavior", () => {
  const gvk = { group: "autoscaling", version: "v2", kind: "HorizontalPodAutoscaler" };
  expect(
    applyDefaults(gvk, { spec: { maxReplicas: 3, behavior: { scaleUp: { selectPolicy: "Min" } } } }),
  ).toMatchObject({
    spec: {
      minReplicas: 1,
      metrics: [{ resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } }],
      behavior: {
        scaleUp: { selectPolicy: "Min", stabilizationWindowSeconds: 0 },
        scaleDown: { selectPolicy: "Max", policies: [{ type: "Percent", value: 100, periodSeconds: 15 }] },
      },
    },
  });
});
