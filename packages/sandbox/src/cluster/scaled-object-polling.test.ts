import { Deployment, Pod } from "@bellows/api";
import { expect, test } from "vitest";
import { eventScalerWorld, type Reading } from "./event-scaler.fixture.ts";

const adaptive = "event-scaler.bellows.dev/adaptive-polling";

/** A world whose HPAs rest, so that every reading is a poll. */
async function world(read: () => number | Error) {
  const all = await eventScalerWorld({ read, target: "10", controllers: [] });
  const readsIn = async (ms: number) => {
    const before = all.reads.length;
    await all.clock.run(ms);
    return all.reads.length - before;
  };
  return { ...all, readsIn };
}

test("a source that is quiet is asked less, one that moves more, where that is asked for", async () => {
  let length = 0;
  const { scaled, readsIn, replicas } = await world(() => length);
  await scaled({ pollingInterval: 20 }, { replicas: 0, annotations: { [adaptive]: "5s..80s" } });
  await readsIn(300_000);
  expect(await readsIn(800_000)).toBe(10);

  length = 30;
  await readsIn(80_000);
  expect(await replicas()).toBe(3);
  let moved = 0;
  for (let poll = 0; poll < 10; poll++) {
    length += 50;
    moved += await readsIn(5_000);
  }
  // Every 5 s but for the first, which comes when the interval before has passed.
  expect(moved).toBeGreaterThanOrEqual(9);
  await readsIn(300_000);
  expect(await readsIn(800_000)).toBe(10);
});

test("a source that fails is asked as ever, twice each time", async () => {
  let broken = false;
  const { scaled, readsIn } = await world(() => (broken ? new Error("down") : 0));
  await scaled({ pollingInterval: 20 }, { replicas: 0, annotations: { [adaptive]: "5s..80s" } });
  await readsIn(300_000);
  broken = true;
  await readsIn(100_000);
  expect(await readsIn(200_000)).toBe(20);
});

test("without the annotation, or with one that is none, the interval stays", async () => {
  const { scaled, annotate, readsIn, condition, events } = await world(() => 0);
  await scaled({ pollingInterval: 20 }, { replicas: 0 });
  await readsIn(300_000);
  expect(await readsIn(400_000)).toBe(20);
  await annotate({ [adaptive]: "often" });
  await readsIn(100_000);
  expect(await readsIn(400_000)).toBe(20);
  expect(await condition("Ready")).toBe("False ScaledObjectCheckFailed");
  expect((await events()).join("\n")).toContain(
    `metadata.annotations[${adaptive}]: "often", expected two durations of 1s to 24h, the shortest first, such as 5s..2m`,
  );
});

test("pods that another workload gets or loses are followed at once, not at the next poll", async () => {
  const { client, clock, settled, scaled, replicas } = await world(() => 0);
  const triggers = [{ type: "kubernetes-workload", metadata: { podSelector: "app=producer", value: "1" } }];
  await scaled({ pollingInterval: 3_600, cooldownPeriod: 5, triggers }, { replicas: 0 });
  await clock.run(10_000);
  const spec = { containers: [{ name: "main", image: "nginx" }] };
  for (const name of ["a", "b"]) {
    const metadata = { namespace: "default", name, labels: { app: "producer" } };
    await settled(client.create(Pod, { metadata, spec }));
  }
  await clock.run(1_000);
  expect(await replicas()).toBe(2);
  for (const name of ["a", "b"])
    await settled(client.delete(Pod, { namespace: "default", name }, { gracePeriodSeconds: 0 }));
  await clock.run(15_000);
  expect(await replicas()).toBe(0);
  expect((await settled(client.list(Deployment, { namespace: "default" }))).items).toHaveLength(1);
});

test("all sources of an object are asked before any answers, by the poll and by the HPA", async () => {
  const names = Array.from({ length: 10 }, (_, index) => `q${index}`);
  let asked = new Map<string, PromiseWithResolvers<Reading>>();
  const { clock, client, condition, reads, scaled, settled } = await eventScalerWorld({
    controllers: [],
    read(name) {
      const answer = Promise.withResolvers<Reading>();
      asked.set(name, answer);
      if (asked.size === names.length) {
        for (const [one, { resolve }] of asked) {
          resolve({ values: [{ metricName: `s${names.indexOf(one)}-${one}`, value: 10 }], active: true });
        }
        asked = new Map();
      }
      return answer.promise;
    },
  });
  await scaled({
    minReplicaCount: 1,
    triggers: names.map((name) => ({ type: "fake", name, metadata: {} })),
    advanced: { scalingModifiers: { formula: names.join(" + "), target: "1" } },
  });
  await clock.run(1_000);
  expect(reads).toHaveLength(10);
  expect(await condition("Active")).toBe("True ScalerActive");
  const path = "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/composite-metric";
  const answer = client.raw(path, { labelSelector: "scaledobject.keda.sh/name=web" });
  expect(await settled(answer)).toMatchObject({ items: [{ metricName: "composite-metric", value: "100" }] });
  expect(reads).toHaveLength(20);
});
