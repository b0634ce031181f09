import type { APIService, Deployment, HorizontalPodAutoscaler, Lease } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { diagnosisLines } from "./doctor.ts";
import { findNeighbours, type Surroundings } from "./find-neighbours.ts";

const now = Date.parse("2026-03-01T12:00:00Z");
const nothing: Surroundings = { leases: [], deployments: [], webhooks: [], apiServices: [], autoscalers: [] };

const lease = (name: string, renewTime: string, holderIdentity = "pod_1"): Lease => ({
  metadata: { namespace: "kube-system", name },
  spec: { holderIdentity, renewTime, leaseDurationSeconds: 15 },
});

const deployment = (image: string, readyReplicas: number): Deployment => ({
  metadata: { namespace: "tools", name: "scaler" },
  spec: { selector: {}, template: { spec: { containers: [{ name: "main", image }] } } },
  status: { readyReplicas },
});

describe("a live neighbour", () => {
  test.each([
    ["operator.keda.sh", "KEDA", "event-scaler"],
    ["karpenter-leader-election", "Karpenter", "node-provisioner"],
    ["cluster-autoscaler", "Cluster Autoscaler", "node-provisioner"],
    ["vpa-recommender-lease", "Vertical Pod Autoscaler", "vpa"],
  ])("holds the lease %s", (name, neighbour, rival) => {
    const found = findNeighbours({ ...nothing, leases: [lease(name, "2026-03-01T11:59:50.000000Z")] }, now);
    expect(found).toMatchObject([{ name: neighbour, rivals: [rival], live: true }]);
    expect(found[0]?.evidence).toEqual([`Lease kube-system/${name} is held by pod_1`]);
  });

  test.each([
    ["ghcr.io/kedacore/keda:2.21.0", "KEDA"],
    ["public.ecr.aws/karpenter/controller:1.8.0@sha256:0", "Karpenter"],
    ["registry.k8s.io/autoscaling/cluster-autoscaler:v1.35.0", "Cluster Autoscaler"],
    ["registry.k8s.io/autoscaling/vpa-updater:1.5.1", "Vertical Pod Autoscaler"],
    ["registry.k8s.io/cpa/cluster-proportional-autoscaler-amd64:1.8.1", "Cluster Proportional Autoscaler"],
  ])("runs ready pods of %s", (image, name) => {
    expect(findNeighbours({ ...nothing, deployments: [deployment(image, 1)] }, now)).toMatchObject([
      { name, live: true, evidence: ["Deployment tools/scaler has 1 ready"] },
    ]);
    expect(findNeighbours({ ...nothing, deployments: [deployment(image, 0)] }, now)).toEqual([]);
  });

  test("serves the external metrics API", () => {
    const apiService = (status: "True" | "False"): APIService => ({
      metadata: { name: "v1beta1.external.metrics.k8s.io" },
      spec: {
        service: { namespace: "keda", name: "keda-operator-metrics-apiserver" },
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
      status: { conditions: [{ type: "Available", status }] },
    });
    const found = (status: "True" | "False") => findNeighbours({ ...nothing, apiServices: [apiService(status)] }, now);
    expect(found("True")).toMatchObject([
      {
        name: "KEDA",
        live: true,
        evidence: [
          "APIService v1beta1.external.metrics.k8s.io points to keda/keda-operator-metrics-apiserver, and is available",
        ],
      },
    ]);
    expect(found("False")).toMatchObject([{ name: "KEDA", live: false }]);
  });

  test("is the HPA of kube-controller-manager that wrote a status lately", () => {
    const autoscaler = (time: string, manager = "kube-controller-manager"): HorizontalPodAutoscaler => ({
      metadata: {
        namespace: "shop",
        name: "web",
        managedFields: [{ manager, subresource: "status", time, operation: "Update" }],
      },
      spec: { maxReplicas: 3, scaleTargetRef: { kind: "Deployment", name: "web" } },
    });
    const at = (time: string, manager?: string) =>
      findNeighbours({ ...nothing, autoscalers: [autoscaler(time, manager)] }, now).map(({ live }) => live);
    expect(at("2026-03-01T11:55:00Z")).toEqual([true]);
    expect(at("2026-03-01T11:00:00Z")).toEqual([]);
    expect(at("2026-03-01T11:55:00Z", "bellows-hpa")).toEqual([]);
  });

  test.each([
    ["v1.35.4-eks-40737a8", true],
    ["v1.35.4+bellows-sandbox", false],
    ["v1.35.4", false],
    ["v1.35.4+k3s1", false],
  ])("is EKS's HPA wherever the API server is EKS's: %s", (serverVersion, isFound) => {
    const found = findNeighbours({ ...nothing, serverVersion }, now);
    expect(found).toEqual(
      isFound
        ? [
            expect.objectContaining({
              name: "HPA of kube-controller-manager",
              rivals: ["hpa"],
              live: true,
              evidence: ["the API server is EKS's (v1.35.4-eks-40737a8), where it runs and can't be switched off"],
            }),
          ]
        : [],
    );
  });
});

describe("what is no live neighbour", () => {
  test.each([
    ["a lease that ran out", lease("operator.keda.sh", "2026-03-01T11:59:40.000000Z")],
    ["a lease that was given up", lease("operator.keda.sh", "2026-03-01T11:59:59.000000Z", "")],
    ["a lease of our own", lease("bellows-event-scaler", "2026-03-01T11:59:59.000000Z")],
  ])("%s", (_name, held) => {
    expect(findNeighbours({ ...nothing, leases: [held] }, now)).toEqual([]);
  });

  test("webhooks that are ours under the neighbour's name", () => {
    const labels = { "app.kubernetes.io/part-of": "bellows" };
    const webhooks = [{ kind: "ValidatingWebhookConfiguration", metadata: { name: "keda-admission", labels } }];
    expect(findNeighbours({ ...nothing, webhooks }, now)).toEqual([]);
  });

  test("an APIService and a webhook that were left behind are told, and are no conflict", () => {
    const found = findNeighbours(
      {
        ...nothing,
        webhooks: [{ kind: "ValidatingWebhookConfiguration", metadata: { name: "keda-admission" } }],
        apiServices: [
          {
            metadata: { name: "v1beta1.external.metrics.k8s.io" },
            spec: {
              service: { namespace: "keda", name: "keda-operator-metrics-apiserver" },
              groupPriorityMinimum: 100,
              versionPriority: 100,
            },
          },
        ],
      },
      now,
    );
    expect(found).toMatchObject([
      {
        name: "KEDA",
        live: false,
        evidence: [
          "ValidatingWebhookConfiguration keda-admission is installed",
          "APIService v1beta1.external.metrics.k8s.io points to keda/keda-operator-metrics-apiserver",
        ],
      },
    ]);
  });
});

test("a cluster-proportional-autoscaler is a rival of none: bellows cpa leaves its targets to it", () => {
  const image = "registry.k8s.io/cpa/cluster-proportional-autoscaler:1.8.6";
  const neighbours = findNeighbours({ ...nothing, deployments: [deployment(image, 1)] }, now);
  expect(neighbours).toMatchObject([{ rivals: [], beside: "cpa", live: true }]);
  const lines = diagnosisLines({ neighbours, definitions: [], unseen: [] });
  expect(lines[0]).toBe("BESIDE    Cluster Proportional Autoscaler: bellows cpa leaves its targets to it");
  expect(lines.at(-1)).toMatch(/^0 conflicts, 0 left over/);
});
