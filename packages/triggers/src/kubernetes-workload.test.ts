import { Pod } from "@bellows/api";
import { createClient, seededRandom, silentLogger, VirtualClock } from "@bellows/kube";
import { FakeApiServer } from "@bellows/kube/testing";
import { describe, expect, test } from "vitest";
import { openTrigger } from "./catalogue.ts";
import { aTriggerConfig, metricNameOf, open, problemOf, soon } from "./trigger.fixture.ts";
import type { Push, TriggerSeams } from "./trigger.ts";

const valid = { value: "1", podSelector: "app=demo" };
const parsing = "error parsing kubernetes workload metadata: ";

test.each([
  ["one label", valid],
  ["a set", { value: "1", podSelector: "app in (demo1, demo2)" }],
  ["two sets", { value: "1", podSelector: "app in (demo1, demo2),deploy in (deploy1, deploy2)" }],
  ["nodes", { ...valid, groupByNode: "true" }],
])("accepts %s", async (_, metadata) => {
  expect(await problemOf("kubernetes-workload", { metadata })).toBeUndefined();
});

test.each([
  [{ podSelector: "app=demo" }, `${parsing}${parsing}value must be a float greater than 0`],
  [{ value: "1" }, `${parsing}${parsing}missing required parameter "podSelector" in [triggerMetadata]`],
  [{ ...valid, value: "0" }, `${parsing}${parsing}value must be a float greater than 0`],
  [
    { ...valid, podSelector: "app=demo,(" },
    `${parsing}error parsing pod selector: found '(', expected: identifier after ','`,
  ],
])("refuses %j", async (metadata, message) => {
  expect(await problemOf("kubernetes-workload", { metadata })).toBe(message);
});

test.each([
  { ...valid, value: "a" },
  { ...valid, activationValue: "aa" },
  { ...valid, groupByNode: "invalid" },
])("refuses %j by the parameter's name", async (metadata) => {
  expect(await problemOf("kubernetes-workload", { metadata })).toContain(`${parsing}${parsing}unable to set param`);
});

test("a value of 0 is fine for a trigger that feeds a formula", async () => {
  const metadata = { podSelector: "app=demo" };
  expect(await problemOf("kubernetes-workload", { metadata, asMetricSource: true })).toBeUndefined();
});

test("the metric is named after the namespace", async () => {
  expect(await metricNameOf(await open("kubernetes-workload", { index: 3, metadata: valid }))).toBe("s3-workload-shop");
});

const aPod = (phase: string, nodeName?: string) => ({ metadata: { name: "p" }, spec: { nodeName }, status: { phase } });

describe("counts", () => {
  const pods = [
    aPod("Running", "n1"),
    aPod("Running", "n1"),
    aPod("Running", "n2"),
    aPod("Pending"),
    aPod("Succeeded", "n3"),
    aPod("Failed", "n4"),
  ];
  const answer = () => ({ metadata: { resourceVersion: "1" }, items: pods });
  test.each([
    ["pods that have not ended", {}, 4, true],
    ["pods, active above a number", { activationValue: "4" }, 4, false],
    ["the nodes of pods that have one", { groupByNode: "true" }, 2, true],
  ])("%s", async (_, more, value, active) => {
    const trigger = await open("kubernetes-workload", { metadata: { ...valid, ...more } }, { answer });
    expect(await trigger.read("s0-workload-shop", soon())).toEqual({
      values: [{ metricName: "s0-workload-shop", value }],
      active,
    });
  });
});

test.each([
  ["Running", true],
  ["Pending", true],
  ["Unknown", true],
  ["Succeeded", false],
  ["Failed", false],
])("a pod whose phase is %s counts: %s", async (phase, active) => {
  const answer = () => ({ metadata: { resourceVersion: "1" }, items: [aPod(phase, "n1")] });
  const trigger = await open("kubernetes-workload", { metadata: valid }, { answer });
  expect(await trigger.read("m", soon())).toMatchObject({ active });
});

test("only pods of the namespace that the selector means are asked for", async () => {
  const asked: unknown[] = [];
  const trigger = await open(
    "kubernetes-workload",
    { metadata: valid },
    { answer: ({ path, query }) => asked.push([path, query?.["labelSelector"]]) && { metadata: {}, items: [] } },
  );
  expect(await trigger.read("m", soon())).toEqual({ values: [{ metricName: "m", value: 0 }], active: false });
  expect(asked).toEqual([["/api/v1/namespaces/shop/pods", "app=demo"]]);
});

test("a refusal of the API server is an error, never no pods", async () => {
  const trigger = await open("kubernetes-workload", { metadata: valid });
  await expect(trigger.read("m", soon())).rejects.toThrow(/^error inspecting kubernetes workload: .*not allowed/);
});

describe("the watch of a namespace's pods", () => {
  const pod = (name: string, { labels = { app: "demo" }, phase = "Running", nodeName = "n1" } = {}) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: "shop", name, labels },
    spec: { nodeName, containers: [] },
    status: { phase },
  });

  function world() {
    const server = new FakeApiServer();
    const clock = new VirtualClock(0);
    const client = createClient(server);
    const seams: TriggerSeams = { client, clock, random: seededRandom(1), log: silentLogger };
    const lists = () => server.requests.filter(({ query }) => query?.["watch"] === undefined).length;
    const listening = async (metadata: Record<string, string> = {}) => {
      const config = aTriggerConfig("kubernetes-workload", { metadata: { ...valid, ...metadata } });
      const trigger = await openTrigger(config, seams);
      const stopping = new AbortController();
      const pushes: Push[] = [];
      const handler = { push: (push: Push) => void pushes.push(push), metricSpecs: () => {} };
      const ended = trigger.listen?.(handler, stopping.signal) ?? Promise.resolve();
      ended.catch(() => {});
      await clock.run(100);
      return { trigger, pushes, stopping, ended };
    };
    return { server, client, clock, lists, listening };
  }
  const values = (value: number) => [{ metricName: "s0-workload-shop", value }];

  test("tells of changes, once for many, and is read without a list", async () => {
    const { server, client, clock, lists, listening } = world();
    await client.create(Pod, pod("a"));
    const { trigger, pushes } = await listening({ activationValue: "1" });
    expect(pushes).toEqual([{ active: false, values: values(1) }]);
    for (const name of ["b", "c", "d"]) await client.create(Pod, pod(name));
    await client.create(Pod, pod("other", { labels: { app: "other" } }));
    await clock.run(100);
    expect(pushes.slice(1)).toEqual([{ active: true, values: values(4) }]);
    const before = lists();
    expect(await trigger.read("s0-workload-shop", soon())).toEqual({ values: values(4), active: true });
    expect(lists()).toBe(before);
    await client.delete(Pod, { namespace: "shop", name: "a" });
    await client.patch(Pod, { namespace: "shop", name: "b" }, { type: "merge", body: { status: { phase: "Failed" } } });
    await client.patch(Pod, { namespace: "shop", name: "c" }, { type: "merge", body: { metadata: { labels: null } } });
    await clock.run(100);
    expect(pushes.slice(2)).toEqual([{ active: false, values: values(1) }]);
    expect(server.openWatches).toBe(1);
  });

  test("does not tell of changes that leave the number", async () => {
    const { client, clock, listening } = world();
    await client.create(Pod, pod("a"));
    const { pushes } = await listening();
    await client.create(Pod, pod("b"));
    await client.delete(Pod, { namespace: "shop", name: "a" });
    await client.patch(Pod, { namespace: "shop", name: "b" }, { type: "merge", body: { spec: { nodeName: "n2" } } });
    await clock.run(100);
    expect(pushes).toEqual([{ active: true, values: values(1) }]);
  });

  test("tells what somebody has read before, too", async () => {
    const { client, clock, listening } = world();
    const { trigger, pushes } = await listening();
    await client.create(Pod, pod("a"));
    expect(await trigger.read("m", soon())).toMatchObject({ active: true });
    await clock.run(100);
    expect(pushes).toEqual([{ active: true, values: values(1) }]);
  });

  test("counts nodes", async () => {
    const { client, clock, listening } = world();
    await client.create(Pod, pod("a"));
    const { pushes } = await listening({ groupByNode: "true" });
    await client.create(Pod, pod("b"));
    await client.create(Pod, pod("c", { nodeName: "n2" }));
    await client.create(Pod, pod("d", { nodeName: "" }));
    await clock.run(100);
    expect(pushes).toEqual([
      { active: true, values: values(1) },
      { active: true, values: values(2) },
    ]);
  });

  test("is one for all triggers, and ends with the last of them", async () => {
    const { server, clock, listening } = world();
    const first = await listening();
    const second = await listening({ podSelector: "app=other" });
    expect(server.openWatches).toBe(1);
    first.stopping.abort();
    await first.ended;
    expect(server.openWatches).toBe(1);
    second.stopping.abort();
    await second.ended;
    await clock.run(0);
    expect(server.openWatches).toBe(0);
  });

  test("that breaks leaves reading to lists, and can be had again", async () => {
    const { server, client, clock, lists, listening } = world();
    const { trigger, pushes, ended } = await listening();
    server.down = true;
    server.dropWatches(new Error("reset"));
    await expect(ended).rejects.toThrow();
    await expect(trigger.read("m", soon())).rejects.toThrow(/^error inspecting kubernetes workload: /);
    server.down = false;
    await client.create(Pod, pod("a"));
    const before = lists();
    expect(await trigger.read("m", soon())).toMatchObject({ active: true });
    expect(lists()).toBe(before + 1);
    void trigger.listen?.({ push: (push) => void pushes.push(push), metricSpecs: () => {} }, soon());
    await client.create(Pod, pod("b"));
    await clock.run(100);
    expect(pushes.at(-1)).toEqual({ active: true, values: values(2) });
  });
});
