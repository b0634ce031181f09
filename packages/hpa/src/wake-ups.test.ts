import { decisionAnnotation, decisionRecordAnnotation, HorizontalPodAutoscaler, type Pod } from "@bellows/api";
import {
  type Client,
  type ControllerContext,
  type Informer,
  type InformerHandler,
  type ReconcileResult,
  seededRandom,
  silentLogger,
  VirtualClock,
} from "@bellows/kube";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { hpaController } from "./controller.ts";
import type { HpaRecord } from "./explain.ts";

const key = { namespace: "shop", name: "web" };

/** An autoscaler on an external metric, its target and its pods, under a controller in virtual time. */
function world(value: string) {
  const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
  let hpa: HorizontalPodAutoscaler = {
    metadata: { ...key, uid: "u", generation: 1 },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      minReplicas: 1,
      maxReplicas: 100,
      metrics: [
        {
          type: "External",
          external: { metric: { name: "queue" }, target: { type: "AverageValue", averageValue: "1" } },
        },
      ],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: "Max",
          policies: [{ type: "Pods", value: 4, periodSeconds: 15 }],
        },
      },
    },
  };
  const state = { value, replicas: 1, syncs: 0, statusWrites: 0 };
  const pods = new Map<string, Pod>();
  const handlers: InformerHandler<Pod>[] = [];
  const client = {
    async getScale() {
      state.syncs++;
      return {
        metadata: { name: "web", resourceVersion: "1" },
        spec: { replicas: state.replicas },
        status: { replicas: state.replicas, selector: "app=web" },
      };
    },
    async updateScale(_: unknown, replicas: number) {
      state.replicas = replicas;
    },
    raw: async () => ({ items: [{ value: state.value }] }),
    async patch(_: unknown, __: unknown, { body }: { body: HorizontalPodAutoscaler }) {
      state.statusWrites++;
      hpa = { ...hpa, metadata: { ...hpa.metadata, ...body.metadata }, status: body.status as never };
    },
  } as unknown as Client;
  const informer = { size: 1, handle: (handler: InformerHandler<Pod>) => handlers.push(handler) };
  let wakes = 0;
  const context: ControllerContext = {
    client,
    cache: {
      get: (kind) => (kind.kind === HorizontalPodAutoscaler.kind ? hpa : undefined) as never,
      list: () => [...pods.values()] as never,
      informer: (kind) => (kind.kind === "Pod" ? informer : { size: 1, handle() {} }) as unknown as Informer<never>,
    },
    clock,
    random: seededRandom(1),
    log: silentLogger,
    events: { record() {}, async flush() {} },
    metrics: new Registry(),
    signal: new AbortController().signal,
    enqueue: () => void wakes++,
  };
  const controller = hpaController();
  void controller.start?.(context);
  return {
    state,
    controller,
    wakes: () => wakes,
    hpa: () => hpa,
    sync: (): Promise<ReconcileResult> => controller.reconcile(key, context),
    pass: (ms: number) => clock.run(ms),
    pod(name: string, ready: boolean, labels: Record<string, string> = { app: "web" }) {
      const before = pods.get(name);
      const after: Pod = {
        metadata: { name, namespace: "shop", uid: name, labels },
        status: { phase: "Running", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
      };
      pods.set(name, after);
      for (const handler of handlers) handler.changed({ namespace: "shop", name }, before, after);
    },
  };
}

test("a pushed metric is acted on after a second, not after the sync period", async () => {
  const { state, controller, sync, pass, wakes } = world("1");
  await sync();
  await pass(1_000);
  state.value = "4";
  await sync();
  expect(state).toMatchObject({ syncs: 1, replicas: 1 });
  controller.wake(key);
  expect(wakes()).toBe(1);
  await sync();
  expect(state).toMatchObject({ syncs: 2, replicas: 4 });
});

test("pushes in a row make one sync a second", async () => {
  const { state, controller, sync, pass } = world("1");
  const startedAt = Date.parse("2026-01-01T00:00:00Z");
  await sync();
  for (let push = 0; push < 10; push++) {
    controller.wake(key);
    expect(await sync()).toEqual({ lookAgainAt: startedAt + 1_000 });
  }
  expect(state.syncs).toBe(1);
  await pass(1_000);
  await sync();
  expect(state.syncs).toBe(2);
});

test("policies count what was scaled before, however often it is synced", async () => {
  const { state, controller, sync, pass } = world("50");
  await sync();
  expect(state.replicas).toBe(5);
  for (let second = 1; second <= 14; second++) {
    await pass(1_000);
    controller.wake(key);
    await sync();
    expect(state.replicas).toBe(5);
  }
  await pass(1_000);
  controller.wake(key);
  await sync();
  expect(state).toMatchObject({ syncs: 16, replicas: 9 });
});

test("a pod of the target that comes or turns ready wakes it; others, and what it doesn't look at, don't", async () => {
  const { sync, pod, wakes } = world("1");
  await sync();
  pod("web-1", false);
  expect(wakes()).toBe(1);
  pod("web-1", false);
  expect(wakes()).toBe(1);
  pod("web-1", true);
  expect(wakes()).toBe(3); // by its old and by its new state
  pod("db-1", true, { app: "db" });
  expect(wakes()).toBe(3);
});

test("the decision is written with the status, and only with it", async () => {
  const { sync, pass, hpa, state } = world("50");
  await sync();
  const annotations = hpa().metadata.annotations ?? {};
  const record = JSON.parse(annotations[decisionRecordAnnotation] as string) as HpaRecord;
  expect(record).toMatchObject({
    id: annotations[decisionAnnotation],
    seen: { replicas: 1, metrics: [{ type: "External", name: "queue", target: "1", replicas: 50 }] },
    limits: [{ reason: "ScaleUpLimit", from: 50, to: 5 }],
    action: { replicas: 5, reason: "external metric queue(nil) above target" },
  });
  state.value = "5";
  for (let period = 0; period < 3; period++) {
    await pass(15_000);
    await sync();
  }
  const writes = state.statusWrites;
  await pass(15_000);
  await sync();
  expect(state).toMatchObject({ syncs: 5, statusWrites: writes });
});
