import { expect, test } from "vitest";
import { open, problemOf, soon } from "./trigger.fixture.ts";
import type { MetricType } from "./trigger.ts";

test.each<[string, MetricType | undefined, Record<string, string>, string | undefined]>([
  ["Utilization", "Utilization", { value: "50" }, undefined],
  ["AverageValue", "AverageValue", { value: "50" }, undefined],
  ["Value", "Value", { value: "50" }, "unknown metric type: Value, allowed values are 'Utilization' or 'AverageValue'"],
  ["no type", undefined, { value: "50" }, "unknown metric type: , allowed values are 'Utilization' or 'AverageValue'"],
  ["no value", "Utilization", {}, 'missing required parameter "value" in [triggerMetadata]'],
  ["an empty value", "Utilization", { value: "" }, 'missing required parameter "value" in [triggerMetadata]'],
  ["a fraction of a per cent", "Utilization", { value: "1.5" }, 'strconv.ParseInt: parsing "1.5": invalid syntax'],
  ["too much", "Utilization", { value: "99999999999" }, 'strconv.ParseInt: parsing "99999999999": value out of range'],
  [
    "the type in the metadata",
    "Utilization",
    { value: "50", type: "Utilization" },
    "scaler cpu info: The 'type' setting is DEPRECATED and is removed in v2.18 - Use 'metricType' instead.",
  ],
])("%s", async (_, metricType, metadata, message) => {
  const problem = await problemOf("cpu", { metricType, metadata });
  expect(problem).toBe(message && `error parsing cpu metadata: ${message}`);
});

test("a quantity that can't be read is refused", async () => {
  expect(await problemOf("memory", { metricType: "AverageValue", metadata: { value: "5 apples" } })).toMatch(
    /^error parsing memory metadata: unable to set param "value" value "5 apples": /,
  );
});

test("the HPA reads the pods' use, or a container's", async () => {
  const cpu = await open("cpu", { metricType: "Utilization", metadata: { value: "50" } });
  expect(await cpu.metricSpecs()).toEqual([
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
  ]);
  const memory = await open("memory", {
    metricType: "AverageValue",
    metadata: { value: "1024Mi", containerName: "app" },
  });
  const target = { type: "AverageValue", averageValue: "1Gi" };
  expect(await memory.metricSpecs()).toEqual([
    { type: "ContainerResource", containerResource: { name: "memory", container: "app", target } },
  ]);
});

test("it is always active and has no value of its own", async () => {
  const cpu = await open("cpu", { metricType: "Utilization", metadata: { value: "50" } });
  expect(await cpu.read("", soon())).toEqual({ values: [], active: true });
});
