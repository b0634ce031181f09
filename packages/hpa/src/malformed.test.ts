import {
  BellowsHorizontalPodAutoscaler,
  type Deployment,
  type HorizontalPodAutoscaler,
  type KubernetesObject,
} from "@bellows/api";
import { ApiError, type Cache, type InformerHandler } from "@bellows/kube";
import { expect, test } from "vitest";
import { AutoscalersByTarget } from "./autoscalers-by-target.ts";
import { hpaController } from "./controller.ts";
import { recordingContext } from "./testing/recording-context.ts";

const key = { namespace: "shop", name: "web" };
const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };

const malformed: [unknown, string][] = [
  [undefined, "spec: nothing, expected an object"],
  [{ maxReplicas: 3 }, "spec.scaleTargetRef: nothing, expected an object"],
  [{ scaleTargetRef: "web", maxReplicas: 3 }, 'spec.scaleTargetRef: "web", expected an object'],
  [{ scaleTargetRef: null, maxReplicas: 3 }, "spec.scaleTargetRef: nothing, expected an object"],
  [
    { scaleTargetRef: { ...scaleTargetRef, apiVersion: 1 }, maxReplicas: 3 },
    "spec.scaleTargetRef.apiVersion: 1, expected text",
  ],
  [{ scaleTargetRef, maxReplicas: 3, metrics: "cpu" }, 'spec.metrics: "cpu", expected a list'],
];

const stored = (spec: unknown) =>
  ({
    metadata: { ...key, generation: 2 },
    spec,
    status: { currentReplicas: 4, conditions: [{ type: "ScalingActive", status: "True" }] },
  }) as HorizontalPodAutoscaler;

test.each(malformed)(
  "a twin with the spec %j has a condition and an Event that say what is wrong",
  async (spec, message) => {
    const world = recordingContext(BellowsHorizontalPodAutoscaler, stored(spec));
    const controller = hpaController({ kind: BellowsHorizontalPodAutoscaler });
    await controller.start?.(world.context);
    await controller.reconcile(key, world.context);
    expect(world.object().status).toEqual({
      currentReplicas: 4,
      observedGeneration: 2,
      conditions: [
        { type: "ScalingActive", status: "True" },
        {
          type: "AbleToScale",
          status: "False",
          reason: "InvalidSpec",
          message,
          lastTransitionTime: "2026-01-01T00:00:00Z",
        },
      ],
    });
    await controller.reconcile(key, world.context);
    expect(world.events).toEqual([`Warning InvalidSpec: ${message}`]);
  },
);

test("a status that the API server refuses for the spec's sake is not tried for ever", async () => {
  const refusal = new ApiError(422, { message: "spec: Required value" });
  const world = recordingContext(BellowsHorizontalPodAutoscaler, stored(undefined), refusal);
  const controller = hpaController({ kind: BellowsHorizontalPodAutoscaler });
  await controller.start?.(world.context);
  await expect(controller.reconcile(key, world.context)).resolves.toBeUndefined();
  expect(world.events).toEqual(["Warning InvalidSpec: spec: nothing, expected an object"]);
});

test("autoscalers without a usable target are nobody's, and those after them are found", () => {
  let handler: InformerHandler<KubernetesObject> | undefined;
  const informer = () => ({ handle: (each: InformerHandler<KubernetesObject>) => void (handler = each) });
  const byTarget = new AutoscalersByTarget();
  byTarget.follow({ informer } as unknown as Cache, BellowsHorizontalPodAutoscaler);
  const put = (name: string, before: unknown, after: unknown) =>
    handler?.changed({ namespace: "shop", name }, before as Deployment, after as Deployment);
  for (const [index, [spec]] of malformed.entries()) put(`wrong-${index}`, undefined, stored(spec));
  put("web", undefined, stored({ scaleTargetRef, maxReplicas: 3 }));
  // Its target is known, whatever else is wrong with it.
  expect(byTarget.of("shop", scaleTargetRef).map(({ name }) => name)).toEqual(["web", "wrong-5"]);
  put("web", stored({ scaleTargetRef, maxReplicas: 3 }), stored({ scaleTargetRef: null }));
  expect(byTarget.of("shop", scaleTargetRef).map(({ name }) => name)).toEqual(["wrong-5"]);
});
