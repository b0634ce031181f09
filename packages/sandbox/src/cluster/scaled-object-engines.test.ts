import { Deployment, decisionRecordAnnotation, HorizontalPodAutoscaler, type ScaledObject } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { eventScalerWorld } from "./event-scaler.fixture.ts";

const engine = "event-scaler.bellows.dev/engine";
const direct = { annotations: { [engine]: "direct" } };

describe("the direct engine", () => {
  test("scales by what it reads, without an HPA, with the HPA's Events and windows", async () => {
    let length = 3;
    const world = await eventScalerWorld({ read: () => length });
    await world.scaled({ pollingInterval: 5, maxReplicaCount: 10, minReplicaCount: 1 }, direct);
    await world.clock.run(6_000);
    expect(await world.replicas()).toBe(3);
    expect(await world.hpas()).toEqual([]);
    expect((await world.scaledObject()).status?.hpaName).toBeUndefined();
    expect(await world.condition("Ready")).toBe("True ScaledObjectReady");
    expect(await world.condition("HPAActive")).toBe("True DirectEngine");
    expect(await world.events()).toContain(
      "Normal SuccessfulRescale New size: 3; reason: external metric s0-queue(&LabelSelector{MatchLabels:map[string]string{scaledobject.keda.sh/name: web,},MatchExpressions:[]LabelSelectorRequirement{},}) above target",
    );

    length = 40;
    await world.clock.run(5_000);
    expect(await world.replicas()).toBe(6);
    await world.clock.run(5_000);
    expect(await world.replicas()).toBe(10);

    length = 2;
    expect(await world.replicasFor(290)).toEqual([10]);
    await world.clock.run(30_000);
    expect(await world.replicas()).toBe(2);
  });

  test("keeps the pace that the behavior of the spec sets, and a direction that is paused", async () => {
    let length = 9;
    const world = await eventScalerWorld({ read: () => length });
    const policies = [{ type: "Pods", value: 1, periodSeconds: 60 }];
    const behavior = { scaleUp: { policies }, scaleDown: { stabilizationWindowSeconds: 0 } };
    await world.scaled({ minReplicaCount: 1, advanced: { horizontalPodAutoscalerConfig: { behavior } } }, direct);
    await world.clock.run(40_000);
    expect(await world.replicas()).toBe(2);
    await world.clock.run(60_000);
    expect(await world.replicas()).toBe(3);

    length = 1;
    await world.annotate({ "autoscaling.keda.sh/paused-scale-in": "true" });
    expect(await world.replicasFor(60)).toEqual([3]);
    await world.annotate({ "autoscaling.keda.sh/paused-scale-in": null });
    await world.clock.run(30_000);
    expect(await world.replicas()).toBe(1);
  });

  test("explains itself: what it saw and came to is an annotation, written where it changes", async () => {
    const world = await eventScalerWorld({ read: () => 3 });
    await world.scaled({ pollingInterval: 5, minReplicaCount: 1 }, direct);
    await world.clock.run(30_000);
    const { metadata } = await world.scaledObject();
    expect(JSON.parse(metadata.annotations?.[decisionRecordAnnotation] ?? "{}")).toMatchObject({
      subject: { kind: "ScaledObject", namespace: "default", name: "web" },
      seen: { replicas: 3, metrics: [{ name: "s0-queue", current: "1", target: "1", replicas: 3 }] },
      computed: ["s0-queue 1 of 1 -> 3"],
    });
    await world.clock.run(60_000);
    const later = await world.scaledObject();
    expect(later.metadata.annotations).toEqual(metadata.annotations);
  });

  test("takes the whole count from zero with one write, and starts anew after zero", async () => {
    let length = 0;
    const world = await eventScalerWorld({ read: () => length });
    await world.scaled({ pollingInterval: 1, cooldownPeriod: 5 }, { ...direct, replicas: 0 });
    await world.clock.run(3_000);
    expect(await world.condition("HPAActive")).toBe("True ScalingDisabled");
    length = 6;
    expect(await world.replicasFor(2)).toEqual([6]);
    length = 0;
    await world.clock.run(10_000);
    expect(await world.replicas()).toBe(0);
    length = 2;
    expect(await world.replicasFor(20)).toEqual([2]);
  });

  test("compares a Value by the pods that are ready, and cpu by metrics.k8s.io", async () => {
    const world = await eventScalerWorld({ read: () => 3 });
    const cpu = { type: "cpu", metricType: "Utilization" as const, metadata: { value: "50" } };
    await world.scaled({ minReplicaCount: 1, triggers: [cpu] }, direct);
    await world.clock.run(40_000);
    // No node, so no pod that runs: there is nothing to measure, and nothing is scaled.
    expect(await world.replicas()).toBe(1);
    expect(await world.condition("HPAActive")).toBe("False FailedGetResourceMetric");
    expect((await world.events()).some((event) => event.includes("FailedGetResourceMetric"))).toBe(true);
  });

  test("leaves the replicas as they are in a rollout, whose surge is no work", async () => {
    const world = await eventScalerWorld({ read: () => 10 });
    await world.scaled({ pollingInterval: 5, minReplicaCount: 1, maxReplicaCount: 30 }, { ...direct, replicas: 10 });
    await world.clock.run(10_000);
    const template = { metadata: { annotations: { version: "2" } } };
    const body = { spec: { template, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } } };
    const key = { namespace: "default", name: "web" };
    await world.settled(world.client.patch(Deployment, key, { type: "merge", body }));
    expect(await world.replicasFor(60)).toEqual([10]);
    expect((await world.client.get(Deployment, key)).status?.replicas).toBe(11);
  });

  test("leaves a target alone that another HPA begins to scale", async () => {
    const world = await eventScalerWorld({ read: () => 5, controllers: [] });
    await world.scaled({ pollingInterval: 5, minReplicaCount: 1 }, direct);
    await world.clock.run(6_000);
    expect(await world.replicas()).toBe(5);
    await world.settled(
      world.client.create(HorizontalPodAutoscaler, {
        metadata: { name: "by-hand", namespace: "default" },
        spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, maxReplicas: 3 },
      }),
    );
    await world.clock.run(6_000);
    expect(await world.condition("HPAActive")).toBe("False AmbiguousSelector");
  });
});

describe.each(["hpa", "direct"])("with the engine %s and no webhook", (name) => {
  const annotations = { [engine]: name };
  const messageOf = (object: ScaledObject) => object.status?.conditions?.find(({ type }) => type === "Ready")?.message;

  test("the second ScaledObject of a target is refused, until the first is gone", async () => {
    const world = await eventScalerWorld({ read: (_, object) => (object === "web" ? 3 : 5) });
    await world.scaled({ pollingInterval: 5, minReplicaCount: 1 }, { annotations });
    await world.clock.run(2_000);
    const second = { scaleTargetRef: { name: "web" }, pollingInterval: 5, minReplicaCount: 1 };
    await world.scaled(second, { annotations, name: "other" });
    await world.clock.run(60_000);
    expect(messageOf(await world.scaledObject("other"))).toBe(
      "ScaledObject doesn't have correct scaleTargetRef specification: the workload 'web' of type 'apps/v1.Deployment' is already managed by the ScaledObject 'web'",
    );
    expect(await world.replicas()).toBe(3);
    await world.remove();
    await world.clock.run(120_000);
    expect(await world.condition("Ready", "other")).toBe("True ScaledObjectReady");
    expect(await world.replicas()).toBe(5);
  });

  test("a ScaledObject of a target that an HPA has is refused", async () => {
    const world = await eventScalerWorld({ read: () => 5, controllers: [] });
    const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
    const hpa = { metadata: { name: "by-hand", namespace: "default" }, spec: { scaleTargetRef, maxReplicas: 3 } };
    await world.settled(world.client.create(HorizontalPodAutoscaler, hpa));
    await world.scaled({ minReplicaCount: 1 }, { annotations });
    await world.clock.run(5_000);
    expect(messageOf(await world.scaledObject())).toContain(
      "the workload 'web' of type 'apps/v1.Deployment' is already managed by the hpa 'by-hand'",
    );
    expect(await world.hpas()).toHaveLength(1);
  });
});

describe("a change of the engine", () => {
  test("takes the HPA away or makes it, and the replicas stay", async () => {
    const world = await eventScalerWorld({ read: () => 4 });
    await world.scaled({ pollingInterval: 5, minReplicaCount: 1 });
    await world.clock.run(30_000);
    expect(await world.replicas()).toBe(4);
    expect((await world.hpas()).map(({ metadata }) => metadata.name)).toEqual(["keda-hpa-web"]);

    await world.annotate({ [engine]: "direct" });
    expect(await world.replicasFor(30)).toEqual([4]);
    expect(await world.hpas()).toEqual([]);
    expect(await world.condition("HPAActive")).toBe("True DirectEngine");

    await world.annotate({ [engine]: null });
    expect(await world.replicasFor(30)).toEqual([4]);
    expect(await world.hpas()).toHaveLength(1);
    expect((await world.scaledObject()).status?.hpaName).toBe("keda-hpa-web");
    expect(await world.condition("HPAActive")).toBe("True HPAActive");
  });

  test("to one that there is not is a condition that names the annotation", async () => {
    const world = await eventScalerWorld({ read: () => 4 });
    await world.scaled({}, { annotations: { [engine]: "both" } });
    await world.clock.run(1_000);
    const { status } = await world.scaledObject();
    expect(status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "False",
      message: `failed to ensure HPA is correctly created for ScaledObject: metadata.annotations[${engine}]: "both", expected hpa or direct`,
    });
  });
});
