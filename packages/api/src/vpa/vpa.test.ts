import { describe, expect, test } from "vitest";
import { crdOf } from "../crd.ts";
import { formatProblem, readObject } from "../read-object.ts";
import { VerticalPodAutoscaler } from "./vertical-pod-autoscaler.ts";
import { VerticalPodAutoscalerCheckpoint } from "./vertical-pod-autoscaler-checkpoint.ts";

const targetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "hamster" };

function problems(spec: Record<string, unknown>): string[] {
  const object = {
    apiVersion: "autoscaling.k8s.io/v1",
    kind: "VerticalPodAutoscaler",
    metadata: { name: "hamster", namespace: "default" },
    spec: { targetRef, ...spec },
  };
  const result = readObject(VerticalPodAutoscaler, object);
  return result.ok ? [] : result.problems.map(formatProblem);
}

const policy = (fields: Record<string, unknown>) => ({ resourcePolicy: { containerPolicies: [fields] } });

describe("a VerticalPodAutoscaler", () => {
  test.each([
    ["with a target only", {}],
    ["that only recommends", { updatePolicy: { updateMode: "Off" } }],
    ["that resizes in place", { updatePolicy: { updateMode: "InPlace", minReplicas: 1, evictAfterOOMSeconds: 600 } }],
    [
      "with bounds for all containers",
      policy({
        containerName: "*",
        minAllowed: { cpu: "100m", memory: "50Mi" },
        maxAllowed: { cpu: 1, memory: "500Mi" },
        controlledResources: ["cpu", "memory"],
        controlledValues: "RequestsOnly",
      }),
    ],
    ["that leaves a container out", policy({ containerName: "sidecar", mode: "Off" })],
    ["with a recommender of its own", { recommenders: [{ name: "frugal" }] }],
    ["that boosts the start", { startupBoost: { cpu: { type: "Factor", factor: 2, durationSeconds: 10 } } }],
    [
      "that only evicts to grow",
      {
        updatePolicy: {
          evictionRequirements: [{ resources: ["cpu", "memory"], changeRequirement: "TargetHigherThanRequests" }],
        },
      },
    ],
  ])("%s is accepted", (_name, spec) => {
    expect(problems(spec)).toEqual([]);
  });

  test.each([
    ["no target", { targetRef: undefined }, "spec.targetRef: nothing, expected an object"],
    ["a nameless target", { targetRef: { kind: "Deployment" } }, "spec.targetRef.name: nothing, expected text"],
    [
      "an unknown mode",
      { updatePolicy: { updateMode: "Always" } },
      'spec.updatePolicy.updateMode: "Always", expected one of "Off", "Initial", "Recreate", "InPlaceOrRecreate", "InPlace", "Auto"',
    ],
    [
      "an amount that is none",
      policy({ minAllowed: { cpu: "much" } }),
      'spec.resourcePolicy.containerPolicies[0].minAllowed.cpu: "much", expected a quantity such as 100m or 1.5Gi',
    ],
    [
      "an unknown mode of a container",
      policy({ mode: "On" }),
      'spec.resourcePolicy.containerPolicies[0].mode: "On", expected one of "Auto", "Off"',
    ],
    [
      "no time until the eviction",
      { updatePolicy: { evictAfterOOMSeconds: 0 } },
      "spec.updatePolicy.evictAfterOOMSeconds: 0, expected at least 1",
    ],
    ["a nameless recommender", { recommenders: [{}] }, "spec.recommenders[0].name: nothing, expected text"],
  ])("with %s is refused", (_name, spec, problem) => {
    expect(problems(spec)).toEqual([problem]);
  });

  test("has the boost's kinds told apart by the API server", () => {
    const spec = crdOf(VerticalPodAutoscaler).spec.versions[0]?.schema.openAPIV3Schema.properties?.["spec"];
    const boost = spec?.properties?.["startupBoost"]?.properties?.["cpu"];
    expect(boost?.["x-kubernetes-validations"]?.map((rule) => rule.rule)).toEqual([
      "(self.type == 'Factor') == has(self.factor)",
      "(self.type == 'Quantity') == has(self.quantity)",
    ]);
  });

  test("is in a group of Kubernetes' own, and says where that was approved", () => {
    expect(crdOf(VerticalPodAutoscaler).metadata.annotations).toEqual({
      "api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/63797",
    });
  });

  test("is shown by kubectl in the columns of upstream", () => {
    expect(
      VerticalPodAutoscaler.custom?.columns.map((column) => `${column.name}${column.priority ? " (wide)" : ""}`),
    ).toEqual(["Mode", "CPU", "Mem", "Provided", "Age", "MinReplicas (wide)", "OOMSeconds (wide)"]);
  });
});

describe("a VerticalPodAutoscalerCheckpoint", () => {
  test("keeps the weights of its histograms whatever their number, and may have empty times", () => {
    const checkpoint = {
      metadata: { name: "hamster-hamster" },
      spec: { vpaObjectName: "hamster", containerName: "hamster" },
      status: {
        version: "v3",
        firstSampleStart: null,
        cpuHistogram: { bucketWeights: { "0": 10000, "12": 3 }, totalWeight: 1.5, referenceTimestamp: null },
        totalSamplesCount: 8,
      },
    };
    const read = readObject(VerticalPodAutoscalerCheckpoint, checkpoint);
    expect(read.ok && read.object.status?.cpuHistogram?.bucketWeights).toEqual({ "0": 10000, "12": 3 });
    const status = crdOf(VerticalPodAutoscalerCheckpoint).spec.versions[0]?.schema.openAPIV3Schema.properties?.[
      "status"
    ];
    expect(status?.properties?.["lastSampleStart"]).toMatchObject({ nullable: true, format: "date-time" });
    expect(status?.properties?.["cpuHistogram"]?.properties?.["bucketWeights"]).toMatchObject({
      "x-kubernetes-preserve-unknown-fields": true,
    });
  });

  test("is written whole, without a status of its own", () => {
    expect(crdOf(VerticalPodAutoscalerCheckpoint).spec.versions[0]?.subresources).toBeUndefined();
  });
});

test.each([
  [VerticalPodAutoscaler, "verticalpodautoscalers", ["vpa"]],
  [VerticalPodAutoscalerCheckpoint, "verticalpodautoscalercheckpoints", ["vpacheckpoint"]],
])("$kind has upstream's names", (kind, plural, shortNames) => {
  expect(kind).toMatchObject({ plural, shortNames, scope: "Namespaced", apiVersion: "autoscaling.k8s.io/v1" });
});
