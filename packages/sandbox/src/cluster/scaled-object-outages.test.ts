import { Deployment } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { type Answer, eventScalerWorld } from "./event-scaler.fixture.ts";

const engine = "event-scaler.bellows.dev/engine";
const down = new Error("connect ECONNREFUSED 10.0.0.9:6379");

describe.each(["hpa", "direct"])("with the engine %s", (name) => {
  const annotations = { [engine]: name };

  test.each([
    ["static", 4, 6, 6],
    ["currentReplicas", 4, 6, 4],
    ["currentReplicasIfHigher", 4, 6, 6],
    ["currentReplicasIfHigher", 8, 6, 8],
    ["currentReplicasIfLower", 4, 6, 4],
    ["currentReplicasIfLower", 8, 6, 6],
  ] as const)(
    "the fallback %s keeps to its count while the source is down: %d, %d -> %d",
    async (behavior, before, wanted, after) => {
      let answer: Answer = before;
      const world = await eventScalerWorld({ read: () => answer });
      const fallback = { failureThreshold: 2, replicas: wanted, behavior };
      await world.scaled({ pollingInterval: 10, minReplicaCount: 1, fallback }, { annotations });
      await world.clock.run(60_000);
      expect(await world.replicas()).toBe(before);
      expect(await world.condition("Fallback")).toBe("False NoFallbackFound");

      answer = down;
      // Down from eight to six is a scale-down, which waits for its window.
      const seen = await world.replicasFor(before > after ? 420 : 120);
      expect(seen.every((replicas) => replicas === before || replicas === after || replicas === undefined)).toBe(true);
      expect(await world.replicas()).toBe(after);
      expect(await world.condition("Fallback")).toBe("True FallbackExists");
      expect(await world.condition("Ready")).toBe("True ScaledObjectReady");
      const events = await world.events();
      expect(events).toContain("Normal ScaledObjectFallbackActivated ScaledObject fallback is active");
      expect((await world.scaledObject()).status?.health?.["s0-queue"]?.status).toBe("Failing");

      answer = before;
      await world.clock.run(420_000);
      expect(await world.replicas()).toBe(before);
      expect(await world.condition("Fallback")).toBe("False NoFallbackFound");
    },
  );

  test.each<[string, Answer, string]>([
    ["is down", down, "connect ECONNREFUSED 10.0.0.9:6379"],
    ["answers too slowly", new Promise<never>(() => {}), "no answer within 15 s"],
    ["says NaN", Number.NaN, "s0-queue: the source gave NaN, expected a number from 0 to 9200000000000000"],
    ["says a negative number", -3, "s0-queue: the source gave -3, expected a number from 0 to 9200000000000000"],
    [
      "says more than there can be",
      1e300,
      "s0-queue: the source gave 1e+300, expected a number from 0 to 9200000000000000",
    ],
    [
      "says what is no number",
      { values: [{ metricName: "s0-queue", value: "12" as unknown as number }], active: false },
      's0-queue: the source gave "12", expected a number from 0 to 9200000000000000',
    ],
  ])(
    "a source that %s leaves the replicas as they are, is seen, and keeps no other object waiting",
    async (_, bad, message) => {
      let answer: Answer = 3;
      const world = await eventScalerWorld({ read: (_name, object) => (object === "web" ? answer : 2) });
      await world.scaled({ pollingInterval: 10, cooldownPeriod: 30 }, { annotations });
      await world.scaled({ pollingInterval: 10, cooldownPeriod: 30 }, { annotations, name: "other" });
      await world.clock.run(40_000);
      expect(await world.replicas()).toBe(3);

      answer = bad;
      expect(await world.replicasFor(600)).toEqual([3]);
      expect(await world.condition("Ready")).toBe("False TriggerError");
      expect(await world.condition("HPAActive")).toBe("False FailedGetExternalMetric");
      expect(await world.condition("Ready", "other")).toBe("True ScaledObjectReady");
      expect(await world.events()).toContain(`Warning KEDAScalerFailed ${message}`);
      const metrics = await world.metrics.metrics();
      const errors = metrics.split("\n").filter((line) => line.startsWith("keda_scaler_detail_errors_total{"));
      const countOf = (object: string) =>
        Number(
          errors
            .find((line) => line.includes(`"${object}"`))
            ?.split(" ")
            .at(-1),
        );
      expect(countOf("web")).toBeGreaterThan(5);
      expect(countOf("other")).toBe(0);
      expect(world.reads.filter((read) => read === "other/queue").length).toBeGreaterThanOrEqual(60);

      answer = 5;
      await world.clock.run(40_000);
      expect(await world.replicas()).toBe(5);
      expect(await world.condition("Ready")).toBe("True ScaledObjectReady");
    },
  );

  test("one of two sources that is down lets the other grow the target, but not shrink it", async () => {
    let [a, b]: Answer[] = [3, 1];
    const world = await eventScalerWorld({ read: (trigger) => (trigger === "a" ? a : b) as Answer });
    const triggers = ["a", "b"].map((trigger) => ({ type: "fake", name: trigger, metadata: {} }));
    await world.scaled({ pollingInterval: 10, cooldownPeriod: 30, triggers }, { annotations });
    await world.clock.run(40_000);
    expect(await world.replicas()).toBe(3);
    a = down;
    expect(await world.replicasFor(400)).toEqual([3]);
    expect(await world.condition("Ready")).toBe("Unknown PartialTriggerError");
    b = 5;
    await world.clock.run(40_000);
    expect(await world.replicas()).toBe(5);
  });

  test("useCachedMetrics asks the source at the polling interval only", async () => {
    const world = await eventScalerWorld({ read: () => 3 });
    const cached = { type: "fake", name: "queue", metadata: {}, useCachedMetrics: true };
    await world.scaled({ pollingInterval: 60, minReplicaCount: 1, triggers: [cached] }, { annotations });
    await world.clock.run(60_000);
    world.reads.length = 0;
    await world.clock.run(600_000);
    expect(world.reads).toHaveLength(10);
    expect(await world.replicas()).toBe(3);
  });
});

test("a source that is down from the start takes nothing to zero", async () => {
  const world = await eventScalerWorld({ read: () => down });
  await world.scaled({ pollingInterval: 5, cooldownPeriod: 0 }, { replicas: 4 });
  expect(await world.replicasFor(300)).toEqual([4]);
  expect(await world.condition("Ready")).toBe("False TriggerError");
});

test.each([
  ["currentReplicas", "AverageValue", "what the source said"],
  ["currentReplicasIfHigher", "Value", "what the source said"],
  ["static", "Value", "error performing fallback"],
] as const)("a fallback %s of a %s that needs a target which is gone says: %s", async (behavior, metricType, says) => {
  let answer: Answer = 3;
  const world = await eventScalerWorld({ read: () => answer, controllers: [] });
  const fallback = { failureThreshold: 1, replicas: 6, behavior };
  const triggers = [{ type: "fake", name: "queue", metadata: {}, metricType }];
  await world.scaled({ pollingInterval: 15, minReplicaCount: 1, fallback, triggers });
  await world.clock.run(40_000);
  await world.settled(world.client.delete(Deployment, { namespace: "default", name: "web" }));
  answer = down;
  await world.clock.run(60_000);
  const events = await world.events();
  const ownError = "error performing fallback";
  expect(events.includes(`Warning KEDAScalerFailed ${ownError}`)).toBe(says === ownError);
  expect(events.filter((event) => event.startsWith("Warning KEDAScalerFailed")).length).toBeGreaterThan(0);
  expect(events.filter((event) => event.includes("ScaledObjectFallback"))).toEqual([
    "Normal ScaledObjectFallbackActivated ScaledObject fallback is active",
  ]);
  const { status } = await world.scaledObject();
  expect(status?.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
    status: "False",
    reason: "ErrorGettingCurrentReplicas",
    message: 'Error getting current replicas count for ScaleTarget: Deployment.apps "web" not found',
  });
  // It is past its threshold all the same.
  expect(await world.condition("Fallback")).toBe("True FallbackExists");
  expect(status?.health?.["s0-queue"]?.numberOfFailures).toBeGreaterThan(1);
});

test("a metric of a ScaledObject that there is not says so in upstream's words", async () => {
  const { client, settled } = await eventScalerWorld({ read: () => 1, controllers: [] });
  const path = "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/s0-queue";
  await expect(settled(client.raw(path, { labelSelector: "scaledobject.keda.sh/name=web" }))).rejects.toThrow(
    'error when getting metric values error getting scalers ScaledObject.keda.sh "web" not found',
  );
});

describe("failures count for the fallback", () => {
  const metric = "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/s0-queue";
  const selector = "scaledobject.keda.sh/name=web";
  const spec = {
    pollingInterval: 30,
    minReplicaCount: 1,
    fallback: { failureThreshold: 3, replicas: 6, behavior: "static" as const },
  };

  test("by the rounds of the loops, however often an HPA that is woken asks", async () => {
    let answer: Answer = 3;
    const world = await eventScalerWorld({ read: () => answer, controllers: [] });
    await world.scaled(spec);
    await world.clock.run(60_000);
    answer = down;
    const failures = async () => (await world.scaledObject()).status?.health?.["s0-queue"]?.numberOfFailures ?? 0;
    for (let second = 0; second < 15; second++) {
      await world.clock.run(1_000);
      const asked = world.client.raw(metric, { labelSelector: selector });
      await expect(world.settled(asked)).rejects.toThrow("metric:s0-queue encountered error");
    }
    expect(await failures()).toBeLessThanOrEqual(3);
    expect(await world.condition("Fallback")).toBe("False NoFallbackFound");
  });

  test("once each, however often an HPA asks for what was read", async () => {
    let answer: Answer = 3;
    const world = await eventScalerWorld({ read: () => answer, controllers: [] });
    const cached = { type: "fake", name: "queue", metadata: {}, useCachedMetrics: true };
    await world.scaled({ ...spec, fallback: { ...spec.fallback, failureThreshold: 1 }, triggers: [cached] });
    await world.clock.run(60_000);
    answer = down;
    const asked = () => world.settled(world.client.raw(metric, { labelSelector: selector }));
    const health = async () => (await world.scaledObject()).status?.health?.["s0-queue"];
    await world.clock.run(30_000);
    for (let time = 0; time < 3; time++) await expect(asked()).rejects.toThrow("metric:s0-queue encountered error");
    expect(await health()).toEqual({ numberOfFailures: 1, status: "Failing" });

    await world.clock.run(30_000);
    for (let time = 0; time < 3; time++) expect(await asked()).toMatchObject({ items: [{ value: "6" }] });
    expect(await health()).toEqual({ numberOfFailures: 2, status: "Failing" });
    expect(await world.condition("Fallback")).toBe("True FallbackExists");
  });

  test("and are told once, though an HPA may find them first, and a formula only sees nil", async () => {
    const answers: Record<string, Answer> = { queue: 3, other: 4 };
    const world = await eventScalerWorld({ read: (name) => answers[name] as Answer, controllers: [] });
    const triggers = Object.keys(answers).map((name) => ({ type: "fake", name, metadata: {} }));
    const fallback = { failureThreshold: 1, replicas: 6, behavior: "scalingModifiers" as const };
    const advanced = { scalingModifiers: { formula: "queue ?? other", target: "1" } };
    await world.scaled({ ...spec, fallback, triggers, advanced });
    await world.clock.run(60_000);
    const composite = "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/composite-metric";
    const asked = () => world.settled(world.client.raw(composite, { labelSelector: selector }));
    expect(await asked()).toMatchObject({ items: [{ value: "3" }] });
    answers["queue"] = down;
    for (let round = 0; round < 4; round++) {
      await world.clock.run(15_000);
      await asked().catch(() => undefined);
    }
    expect(await asked()).toMatchObject({ items: [{ value: "4" }] });
    expect(await world.condition("Fallback")).toBe("True FallbackExists");
    const told = async () => (await world.events()).filter((event) => event.includes("ScaledObjectFallback"));
    const activated = "Normal ScaledObjectFallbackActivated ScaledObject fallback is active";
    expect(await told()).toEqual([activated]);

    answers["queue"] = 3;
    await world.clock.run(60_000);
    expect(await told()).toEqual([
      activated,
      "Normal ScaledObjectFallbackDeactivated ScaledObject fallback is no longer active",
    ]);
  });

  test("as upstream's, where the HPA asks each 15 s", async () => {
    let answer: Answer = 3;
    const world = await eventScalerWorld({ read: () => answer, controllers: [] });
    await world.scaled(spec);
    await world.clock.run(60_000);
    world.reads.length = 0;
    answer = down;
    const seen: [failures: number, readings: number][] = [];
    for (let round = 0; round < 4; round++) {
      await world.settled(world.client.raw(metric, { labelSelector: selector })).catch(() => undefined);
      await world.clock.run(15_000);
      const { status } = await world.scaledObject();
      // Each reading that fails is tried a second time, with credentials that are resolved anew.
      seen.push([status?.health?.["s0-queue"]?.numberOfFailures ?? 0, world.reads.length / 2]);
    }
    expect(seen.map(([count]) => count)).toEqual(seen.map(([, readings]) => readings));
    expect(await world.condition("Fallback")).toBe("True FallbackExists");
  });
});
