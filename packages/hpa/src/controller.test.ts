import {
  BellowsHorizontalPodAutoscaler,
  Deployment,
  decisionAnnotation,
  HorizontalPodAutoscaler,
  type Kind,
  type KubernetesObject,
} from "@bellows/api";
import {
  ApiError,
  type Client,
  type ControllerContext,
  type Informer,
  type InformerHandler,
  seededRandom,
  silentLogger,
  VirtualClock,
} from "@bellows/kube";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { type HpaControllerOptions, hpaController } from "./controller.ts";

const key = { namespace: "shop", name: "web" };
type Spec = NonNullable<HorizontalPodAutoscaler["spec"]>;

const spec: Spec = {
  scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
  minReplicas: 3,
  maxReplicas: 9,
  metrics: [{ type: "External", external: { metric: { name: "queue" }, target: { type: "Value", value: "5" } } }],
};

const web: Deployment = {
  metadata: { ...key, resourceVersion: "7" },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: {}, spec: { containers: [] } },
  },
  status: { replicas: 1, updatedReplicas: 1 },
};

/** A controller with one autoscaler, before a cluster of plain objects. */
function world(
  options: HpaControllerOptions & {
    readonly spec?: Partial<Spec>;
    readonly deployment?: Deployment;
    readonly others?: readonly HorizontalPodAutoscaler[];
  } = {},
) {
  const kind = options.kind ?? HorizontalPodAutoscaler;
  const { deployment, others = [] } = options;
  const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
  let hpa: HorizontalPodAutoscaler = {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: { ...key, uid: "u", generation: 1 },
    spec: { ...spec, ...options.spec },
  };
  const state = { conflicts: 0 };
  const calls: string[] = [];
  const patches: { readonly body: Record<string, unknown>; readonly subresource: string | undefined }[] = [];
  const client = {
    async getScale({ kind: found, name }: { kind: string; name: string }) {
      calls.push("get scale");
      if (found === "Nothing")
        throw new ApiError(404, { message: 'no matches for kind "Nothing" in version "apps/v1"' });
      if (name === "gone") throw new ApiError(404, { message: `deployments.apps "${name}" not found` });
      return {
        metadata: { name, resourceVersion: "8" },
        spec: { replicas: 1 },
        status: { replicas: 1, selector: "app=web" },
      };
    },
    async updateScale(target: { apiVersion: string }, replicas: number, version?: string) {
      calls.push(`scale ${target.apiVersion} to ${replicas} at ${version}`);
      if (state.conflicts-- > 0)
        throw new ApiError(409, { reason: "Conflict", message: "the object has been modified" });
    },
    raw: async () => ({ items: [{ value: "5" }] }),
    async patch(_: unknown, __: unknown, { body }: { body: Record<string, unknown> }, write?: { subresource: string }) {
      patches.push({ body, subresource: write?.subresource });
      hpa = { ...hpa, ...(body["status"] !== undefined && { status: body["status"] as never }) };
    },
  } as unknown as Client;
  const objects = new Map<unknown, KubernetesObject | undefined>([[Deployment, deployment]]);
  const cached = new Map<unknown, readonly KubernetesObject[]>([[HorizontalPodAutoscaler, others]]);
  const events: string[] = [];
  const metrics = new Registry();
  const context: ControllerContext = {
    client,
    cache: {
      get: (asked) => (asked === (kind as unknown) ? hpa : objects.get(asked)) as never,
      list: () => [],
      informer: (asked) => {
        const handle = (handler: InformerHandler<KubernetesObject>) => {
          for (const each of cached.get(asked) ?? [])
            handler.changed({ namespace: "shop", name: each.metadata.name }, undefined, each);
        };
        return { size: 1, handle } as unknown as Informer<never>;
      },
    },
    clock,
    random: seededRandom(1),
    log: silentLogger,
    events: { record: (_, { reason, message }) => void events.push(`${reason}: ${message}`), async flush() {} },
    metrics,
    signal: new AbortController().signal,
    enqueue() {},
  };
  const controller = hpaController(options);
  void controller.start?.(context);
  return {
    state,
    calls,
    patches,
    events,
    clock,
    sync: () => controller.reconcile(key, context),
    status: () =>
      patches.at(-1)?.body["status"] as NonNullable<HorizontalPodAutoscaler["status"]> & Record<string, unknown>,
    reconciled: async (action: string, error: string) => {
      const counter = metrics.getSingleMetric("horizontal_pod_autoscaler_controller_reconciliations_total");
      const { values } = (await counter?.get()) ?? { values: [] };
      return values.find(({ labels }) => labels["action"] === action && labels["error"] === error)?.value ?? 0;
    },
  };
}

test("a Deployment that is watched is scaled without asking for its scale, by the version that was seen", async () => {
  const { sync, calls, reconciled } = world({ deployment: web });
  await sync();
  expect(calls).toEqual(["scale apps/v1 to 3 at 7"]);
  expect(await reconciled("scale_up", "none")).toBe(1);
});

test("an outdated version is read again, and the same count written", async () => {
  const { sync, calls, state } = world({ deployment: web });
  state.conflicts = 1;
  await sync();
  expect(calls).toEqual(["scale apps/v1 to 3 at 7", "get scale", "scale apps/v1 to 3 at 8"]);
});

test("an old version of a kind that is watched means the same object", async () => {
  const { sync, calls } = world({
    deployment: web,
    spec: { scaleTargetRef: { apiVersion: "apps/v1beta2", kind: "Deployment", name: "web" } },
  });
  await sync();
  expect(calls).toEqual(["scale apps/v1 to 3 at 7"]);
});

test.each([
  {
    name: "a version that is none",
    scaleTargetRef: { apiVersion: "a/b/c", kind: "Deployment", name: "web" },
    message: "unexpected GroupVersion string: a/b/c",
    error: "spec",
  },
  {
    name: "a kind that is not served",
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Nothing", name: "web" },
    message: 'no matches for kind "Nothing" in group "apps"',
    error: "internal",
  },
  {
    name: "a target that is not there",
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "gone" },
    message: 'deployments.apps "gone" not found',
    error: "internal",
  },
])("$name: condition, Event and the error's kind", async ({ scaleTargetRef, message, error }) => {
  const { sync, status, events, reconciled } = world({ spec: { scaleTargetRef } });
  await sync();
  expect(status().conditions).toMatchObject([
    {
      type: "AbleToScale",
      status: "False",
      reason: "FailedGetScale",
      message: `the HPA controller was unable to get the target's current scale: ${message}`,
    },
  ]);
  expect(events).toEqual([`FailedGetScale: ${message}`]);
  expect(await reconciled("none", error)).toBe(1);
});

test("the twin's decision is written before its status, which has what its columns show", async () => {
  const { sync, patches } = world({ kind: BellowsHorizontalPodAutoscaler, deployment: web });
  await sync();
  expect(patches.map(({ subresource }) => subresource)).toEqual([undefined, "status"]);
  expect(patches[0]?.body).toMatchObject({ metadata: { annotations: { [decisionAnnotation]: expect.any(String) } } });
  expect(patches[1]?.body).toMatchObject({ status: { reference: "Deployment/web", targets: "<unknown>/5" } });
});

test("the twin leaves a target alone that an autoscaler of autoscaling/v2 has", async () => {
  const other = { metadata: { namespace: "shop", name: "theirs" }, spec };
  const { sync, calls, events } = world({ kind: BellowsHorizontalPodAutoscaler, deployment: web, others: [other] });
  await sync();
  expect(calls).toEqual([]);
  expect(events[0]).toBe(
    "AmbiguousSelector: pods by selector app=web are controlled by multiple HPAs: [shop/web shop/theirs (autoscaling/v2)]",
  );
});

test("a metric is shared among the pods that a target is about to make, where it has none yet", async () => {
  const external = { metric: { name: "queue" }, target: { type: "AverageValue", averageValue: "5" } } as const;
  const { sync, status } = world({
    deployment: { ...web, status: {} },
    spec: { minReplicas: 1, metrics: [{ type: "External", external }] },
  });
  await sync();
  expect(status()).toMatchObject({
    desiredReplicas: 1,
    currentMetrics: [{ external: { current: { averageValue: "5" } } }],
  });
});

test("none at all: by the gate for the twin, by its API server for autoscaling/v2", async () => {
  const zero = { deployment: web, spec: { minReplicas: 0 }, scaleToZero: false };
  const twin: Kind<HorizontalPodAutoscaler> = BellowsHorizontalPodAutoscaler;
  const refused = world({ ...zero, kind: twin });
  await refused.sync();
  expect(refused.status().conditions).toMatchObject([{}, { type: "ScalingActive", reason: "ScaleToZeroDisabled" }]);
  for (const allowed of [world(zero), world({ ...zero, kind: twin, scaleToZero: true })]) {
    await allowed.sync();
    expect(allowed.events.join()).not.toContain("ScaleToZeroDisabled");
  }
});

test("a status that is the same is not written again", async () => {
  const { sync, patches, clock, status, reconciled } = world({
    deployment: { ...web, spec: { ...web.spec, replicas: 3 } as never },
  });
  await sync();
  expect(patches).toHaveLength(1);
  expect(status().currentReplicas).toBe(3);
  await clock.run(15_000);
  await sync();
  expect(patches).toHaveLength(1);
  expect(await reconciled("none", "none")).toBe(2);
});
