import { expect, test } from "vitest";
import { parseScenario } from "./scenario.ts";

const minimal = `
name: nothing happens
runFor: 1m
checks:
  - at: 00:00:30
    count: node
    expect: 3
`;

test("moments are read from clock times and durations, and the rest is filled in", () => {
  const scenario = parseScenario(minimal, "a.yaml");
  expect(scenario).toMatchObject({ runFor: 60_000, seed: 1, world: { region: "us-east-1", clusterName: "bellows" } });
  expect(scenario.world.nodeGroups).toHaveLength(1);
  expect(scenario.checks[0]).toMatchObject({ at: 30_000, namespace: "default" });
});

test("every problem is named with its path, what was found and what was expected", () => {
  const bad = minimal.replace("runFor: 1m", "runFor: soon\nactions: [{ at: 0, kubectl: get, apply: x.yaml }]");
  expect(() => parseScenario(bad, "a.yaml")).toThrow(/runFor: "soon", expected a moment such as 00:02:30 or 2m30s/);
  expect(() => parseScenario(bad, "a.yaml")).toThrow(/actions\[0\]: .*, expected at, and exactly one action/);
});

test("a field that does not exist and one that is missing are told in plain words", () => {
  const bad = minimal.replace("runFor: 1m", "fly: true").replace("checks:", "checked:");
  expect(() => parseScenario(bad, "a.yaml")).toThrow(/fly: true, expected no such field/);
  expect(() => parseScenario(bad, "a.yaml")).toThrow(/checks: nothing, expected array/);
});

test("a file that is not YAML says where", () => {
  expect(() => parseScenario("name: [", "a.yaml")).toThrow(/a\.yaml:\n.*line/);
});

test("a source has a URL of HTTP, and is down in one of two ways", () => {
  const source = (text: string) => minimal.replace("runFor: 1m", `runFor: 1m\nactions: [{ at: 0, source: ${text} }]`);
  expect(parseScenario(source('{ url: "http://queue/", down: silent }'), "a.yaml").actions).toHaveLength(1);
  expect(() => parseScenario(source("{ url: queue }"), "a.yaml")).toThrow(/actions\[0\]\.source\.url: "queue"/);
  expect(() => parseScenario(source('{ url: "http://queue/", down: slow }'), "a.yaml")).toThrow(
    /"slow", expected one of/,
  );
});
