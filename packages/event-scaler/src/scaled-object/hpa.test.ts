import type { MetricSpec, ScaledObject } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { hpaDiffers, hpaFor } from "./hpa.ts";

const gvkr = { group: "apps", version: "v1", kind: "Deployment", resource: "deployments" };

const metric = (averageValue: string): MetricSpec => ({
  type: "External",
  external: { metric: { name: "s0-cron" }, target: { type: "AverageValue", averageValue } },
});

const aScaledObject = (
  spec: Partial<NonNullable<ScaledObject["spec"]>> = {},
  metadata: Partial<ScaledObject["metadata"]> = {},
): ScaledObject => ({
  metadata: { name: "web", namespace: "shop", uid: "u1", ...metadata },
  spec: { scaleTargetRef: { name: "web" }, triggers: [], ...spec },
});

const hpaOf = (object: ScaledObject, averageValue = "1") => hpaFor(object, gvkr, [metric(averageValue)]);

describe("the HPA of a ScaledObject", () => {
  test("has upstream's name, labels, owner and bounds", () => {
    const { metadata, spec } = hpaOf(aScaledObject({}, { labels: { team: "a" }, annotations: { note: "b" } }));
    expect(metadata.name).toBe("keda-hpa-web");
    expect(metadata.labels).toEqual({
      "app.kubernetes.io/name": "keda-hpa-web",
      "app.kubernetes.io/version": "2.21.0",
      "app.kubernetes.io/part-of": "web",
      "app.kubernetes.io/managed-by": "keda-operator",
      team: "a",
    });
    expect(metadata.annotations).toEqual({ note: "b" });
    expect(metadata.ownerReferences).toEqual([
      {
        apiVersion: "keda.sh/v1alpha1",
        kind: "ScaledObject",
        name: "web",
        uid: "u1",
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    expect(spec).toMatchObject({ minReplicas: 1, maxReplicas: 100, scaleTargetRef: { apiVersion: "apps/v1" } });
  });

  test.each([
    { of: {}, min: 1, max: 100 },
    { of: { minReplicaCount: 5 }, min: 5, max: 100 },
    { of: { maxReplicaCount: 10 }, min: 1, max: 10 },
    { of: { minReplicaCount: 5, maxReplicaCount: 10 }, min: 5, max: 10 },
    { of: { minReplicaCount: 0 }, min: 1, max: 100 },
    { of: { idleReplicaCount: 1, minReplicaCount: 5, maxReplicaCount: 10 }, min: 5, max: 10 },
  ])("has $min to $max replicas by $of", ({ of, min, max }) => {
    expect(hpaOf(aScaledObject(of)).spec).toMatchObject({ minReplicas: min, maxReplicas: max });
  });

  test("a name of its own is taken, also into the label, which is cut to what a label may be", () => {
    const name = `${"n".repeat(60)}--.x`;
    const object = aScaledObject({ advanced: { horizontalPodAutoscalerConfig: { name } } });
    expect(hpaOf(object).metadata.name).toBe(name);
    expect(hpaOf(object).metadata.labels?.["app.kubernetes.io/name"]).toBe("n".repeat(60));
  });

  test("labels that are excluded are not taken over", () => {
    const annotations = { "scaledobject.keda.sh/hpa-excluded-labels": "a,c" };
    const { labels } = hpaOf(aScaledObject({}, { labels: { a: "1", b: "2", c: "3" }, annotations })).metadata;
    expect(Object.keys(labels ?? {})).toEqual(expect.arrayContaining(["b"]));
    expect(labels).not.toHaveProperty("a");
    expect(labels).not.toHaveProperty("c");
  });

  test.each([
    ["autoscaling.keda.sh/paused-scale-in", "scaleDown"],
    ["autoscaling.keda.sh/paused-scale-out", "scaleUp"],
  ])("%s disables a direction and keeps the rest of the behavior", (annotation, direction) => {
    const behavior = {
      scaleUp: { stabilizationWindowSeconds: 5 },
      scaleDown: { stabilizationWindowSeconds: 6 },
    };
    const object = aScaledObject(
      { advanced: { horizontalPodAutoscalerConfig: { behavior } } },
      { annotations: { [annotation]: "true" } },
    );
    const wanted = { ...behavior, [direction]: { ...behavior[direction as "scaleUp"], selectPolicy: "Disabled" } };
    expect(hpaOf(object).spec?.behavior).toEqual(wanted);
  });
});

describe("an HPA is written anew", () => {
  const found = hpaOf(aScaledObject());

  test("not where the API server only wrote a quantity in another way or filled in defaults", () => {
    const behavior = { scaleDown: { stabilizationWindowSeconds: 30 } };
    const object = aScaledObject({ advanced: { horizontalPodAutoscalerConfig: { behavior } } });
    const wanted = hpaOf(object, "1000m");
    const stored = hpaOf(object, "1");
    const percent = { type: "Percent", value: 100, periodSeconds: 15 };
    const spec = {
      ...(stored.spec as NonNullable<typeof stored.spec>),
      behavior: {
        scaleDown: { stabilizationWindowSeconds: 30, selectPolicy: "Max", policies: [percent] },
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: "Max",
          policies: [{ type: "Pods", value: 4, periodSeconds: 15 }, percent],
        },
      },
    };
    expect(hpaDiffers(wanted, { ...stored, spec })).toBe(false);
  });

  test("not where somebody else added labels or annotations", () => {
    const { metadata } = found;
    const more = { labels: { ...metadata.labels, more: "x" }, annotations: { more: "y" } };
    expect(hpaDiffers(found, { ...found, metadata: { ...metadata, ...more } })).toBe(false);
  });

  test.each([
    ["a target", hpaOf(aScaledObject(), "2")],
    ["a bound", hpaOf(aScaledObject({ minReplicaCount: 2 }))],
    ["a label", hpaOf(aScaledObject({}, { labels: { team: "a" } }))],
    ["the owner", hpaOf(aScaledObject({}, { uid: "u2" }))],
    [
      "the pause of a direction",
      hpaOf(aScaledObject({}, { annotations: { "autoscaling.keda.sh/paused-scale-in": "true" } })),
    ],
    ["the number of metrics", hpaFor(aScaledObject(), gvkr, [metric("1"), metric("1")])],
  ])("where %s is another", (_, wanted) => expect(hpaDiffers(wanted, found)).toBe(true));

  test("where a pause ends", () => {
    const paused = hpaOf(aScaledObject({}, { annotations: { "autoscaling.keda.sh/paused-scale-in": "true" } }));
    expect(hpaDiffers(found, paused)).toBe(true);
  });
});
