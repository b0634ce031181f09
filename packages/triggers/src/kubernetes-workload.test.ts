import { describe, expect, test } from "vitest";
import { metricNameOf, open, problemOf, soon } from "./trigger.fixture.ts";

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
