import { describe, expect, test } from "vitest";
import { applyDefaults } from "../defaults/index.ts";
import { validateCreate, validateUpdate } from "./index.ts";

const gvk = { group: "autoscaling", version: "v2", kind: "HorizontalPodAutoscaler" };
const spec = {
  scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
  minReplicas: 1,
  maxReplicas: 5,
};
const hpa = (given: object = {}, status: object = {}) =>
  applyDefaults(gvk, {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web", namespace: "default" },
    spec: { ...spec, ...given },
    status,
  });
const texts = (errors: readonly { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message}`);
const problems = (given: object) => texts(validateCreate(gvk, hpa(given)));

const metric = { name: "queue" };
const describedObject = { kind: "Service", name: "web" };
const utilization = { type: "Utilization", averageUtilization: 70 };
const average = { type: "AverageValue", averageValue: "300m" };
const whole = { type: "Value", value: "300m" };
const sources = {
  resource: (target: object, name = "cpu") => ({ type: "Resource", resource: { name, target } }),
  container: (target: object, name = "cpu", container = "main") => ({
    type: "ContainerResource",
    containerResource: { name, container, target },
  }),
  pods: (target: object, id: object = metric) => ({ type: "Pods", pods: { metric: id, target } }),
  object: (target: object, of: object = describedObject) => ({
    type: "Object",
    object: { metric, describedObject: of, target },
  }),
  external: (target: object, id: object = metric) => ({ type: "External", external: { metric: id, target } }),
};

test.each([
  { name: "every type of metric", metrics: Object.values(sources).map((of) => of(average)) },
  { name: "utilization", metrics: [sources.resource(utilization), sources.container(utilization)] },
  { name: "whole values", metrics: [sources.object(whole), sources.external(whole)] },
  { name: "an object with both values", metrics: [sources.object({ ...whole, averageValue: "1" })] },
  {
    name: "huge pages and extended resources of a container",
    metrics: [sources.container(average, "hugepages-2Mi"), sources.container(average, "example.com/gpu")],
  },
  { name: "no metrics", metrics: [] },
])("an autoscaler is taken with $name", ({ metrics }) => expect(problems({ metrics })).toEqual([]));

test("a ReplicationController needs no group", () =>
  expect(problems({ scaleTargetRef: { kind: "ReplicationController", name: "web" } })).toEqual([]));

describe("a target", () => {
  const target = (ref: object) => problems({ scaleTargetRef: { ...spec.scaleTargetRef, ...ref } });
  test.each([
    [{ kind: "" }, "spec.scaleTargetRef.kind: Required value"],
    [{ kind: ".." }, `spec.scaleTargetRef.kind: Invalid value: "..": may not be '..'`],
    [{ name: "" }, "spec.scaleTargetRef.name: Required value"],
    [{ name: "a/b" }, `spec.scaleTargetRef.name: Invalid value: "a/b": may not contain '/'`],
    [{ apiVersion: "v1" }, 'spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group'],
    [{ apiVersion: "/v1" }, 'spec.scaleTargetRef.apiVersion: Invalid value: "/v1": apiVersion must specify API group'],
    [{ apiVersion: "" }, 'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group'],
    [
      { apiVersion: "a/b/c" },
      'spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    ],
  ])("%j is refused", (ref, problem) => expect(target(ref)).toEqual([problem]));
});

test.each([
  [
    { minReplicas: 0 },
    [
      "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1",
      "spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas",
    ],
  ],
  [{ minReplicas: -1 }, ["spec.minReplicas: Invalid value: -1: must be greater than or equal to 1"]],
  [
    { maxReplicas: 0 },
    [
      "spec.maxReplicas: Invalid value: 0: must be greater than 0",
      "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`",
    ],
  ],
  [{ minReplicas: 7 }, ["spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`"]],
])("the range %j is refused", (range, expected) => expect(problems(range)).toEqual(expected));

const at = "spec.metrics[0]";
test.each([
  [
    sources.resource({ ...utilization, averageValue: "1" }),
    `${at}.resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization`,
  ],
  [sources.resource(utilization, ""), `${at}.resource.name: Required value: must specify a resource name`],
  [
    sources.resource({ type: "Utilization", averageUtilization: -10 }),
    `${at}.resource.target.averageUtilization: Invalid value: -10: must be greater than 0`,
  ],
  [
    sources.resource({ type: "Utilization" }),
    `${at}.resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization`,
  ],
  [sources.container(utilization, ""), `${at}.containerResource.name: Required value: must specify a resource name`],
  [
    sources.container(utilization, "pods"),
    `${at}.containerResource.name: Invalid value: "pods": must be a standard resource for containers`,
  ],
  [
    sources.container(utilization, "cpu", ""),
    `${at}.containerResource.container: Required value: must specify a container`,
  ],
  [
    sources.container({ type: "Utilization" }),
    `${at}.containerResource.target.averageUtilization: Required value: must set either a target raw value or a target utilization`,
  ],
  [
    sources.container({ ...utilization, averageValue: "1" }),
    `${at}.containerResource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization`,
  ],
  [sources.pods(average, {}), `${at}.pods.metric.name: Required value: must specify a metric name`],
  [sources.pods(average, { name: "a/b" }), `${at}.pods.metric.name: Invalid value: "a/b": may not contain '/'`],
  [sources.pods(whole), `${at}.pods.target.averageValue: Required value: must specify a positive target averageValue`],
  [
    sources.object({ type: "Value" }),
    `${at}.object.target.averageValue: Required value: must set either a target value or averageValue`,
  ],
  [sources.object(whole, { name: "web" }), `${at}.object.describedObject.kind: Required value`],
  [
    sources.object(whole, { ...describedObject, apiVersion: "a/b/c" }),
    `${at}.object.describedObject.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c`,
  ],
  [
    sources.external({ type: "Value" }),
    `${at}.external.target.averageValue: Required value: must set either a target value for metric or a per-pod target`,
  ],
  [
    sources.external({ type: "Value", value: "-300m" }),
    `${at}.external.target.value: Invalid value: "-300m": must be positive`,
  ],
  [
    sources.external({ type: "AverageValue", averageValue: "0" }),
    `${at}.external.target.averageValue: Invalid value: "0": must be positive`,
  ],
  [
    sources.external({ ...whole, averageValue: "1" }),
    `${at}.external.target.value: Forbidden: may not set both a target value for metric and a per-pod target`,
  ],
  [
    sources.external({ type: "Sum", value: "1" }),
    `${at}.external.target.type: Invalid value: "Sum": must be either Utilization, Value, or AverageValue`,
  ],
  [{ type: "Pods" }, `${at}.pods: Required value: must populate information for the given metric source`],
  [
    { ...sources.pods(average), resource: sources.resource(utilization).resource },
    `${at}.resource: Forbidden: must populate the given metric source only`,
  ],
])("metric %j is refused", (given, problem) => expect(problems({ metrics: [given] })).toEqual([problem]));

test("a metric of an unknown type is refused twice, as upstream does", () => {
  const problem = `${at}.type: Unsupported value: "Disk": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"`;
  expect(problems({ metrics: [{ type: "Disk" }] })).toEqual([problem, problem]);
});

describe.each(["scaleUp", "scaleDown"])("%s", (direction) => {
  const policies = [{ type: "Percent", value: 10, periodSeconds: 1 }];
  const path = `spec.behavior.${direction}`;
  const withRules = (rules: object) => problems({ behavior: { [direction]: { policies, ...rules } } });
  const withPolicy = (policy: object) => withRules({ policies: [{ ...policies[0], ...policy }] });
  test("takes rules to the edges", () =>
    expect(withRules({ stabilizationWindowSeconds: 3600, selectPolicy: "Disabled", tolerance: "0" })).toEqual([]));
  test.each([
    [{ policies: [] }, `${path}.policies: Required value: must specify at least one Policy`],
    [
      { stabilizationWindowSeconds: -1 },
      `${path}.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero`,
    ],
    [
      { stabilizationWindowSeconds: 3601 },
      `${path}.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600`,
    ],
    [
      { selectPolicy: "incorrect" },
      `${path}.selectPolicy: Unsupported value: "incorrect": supported values: "Disabled", "Max", "Min"`,
    ],
    [{ tolerance: "-1m" }, `${path}.tolerance: Invalid value: "-1m": must be greater than or equal to 0`],
  ])("refuses rules %j", (rules, problem) => expect(withRules(rules)).toEqual([problem]));
  test.each([
    [{ type: "hm" }, `type: Unsupported value: "hm": supported values: "Percent", "Pods"`],
    [{ value: 0 }, "value: Invalid value: 0: must be greater than zero"],
    [{ value: -1 }, "value: Invalid value: -1: must be greater than zero"],
    [{ periodSeconds: 0 }, "periodSeconds: Invalid value: 0: must be greater than zero"],
    [{ periodSeconds: -1 }, "periodSeconds: Invalid value: -1: must be greater than zero"],
    [{ periodSeconds: 1801 }, "periodSeconds: Invalid value: 1801: must be less than or equal to 1800"],
  ])("refuses a policy %j", (policy, problem) =>
    expect(withPolicy(policy)).toEqual([`${path}.policies[0].${problem}`]),
  );
});

describe("an update", () => {
  const updated = (after: object, before: object) => texts(validateUpdate(gvk, hpa(after), hpa(before)));
  const zero = { minReplicas: 0, metrics: [sources.external(average)] };
  test("keeps zero replicas, but does not ask for them anew", () => {
    expect(updated({ ...zero, maxReplicas: 6 }, zero)).toEqual([]);
    expect(updated(zero, {})).toEqual(["spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"]);
  });
  test("keeps a version that is none, but takes no other", () => {
    const ref = { kind: "Deployment", name: "web", apiVersion: "v1" };
    expect(updated({ scaleTargetRef: ref, maxReplicas: 6 }, { scaleTargetRef: ref })).toEqual([]);
    expect(updated({ scaleTargetRef: { ...ref, kind: "StatefulSet" } }, { scaleTargetRef: ref })).toEqual([
      'spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group',
    ]);
    const metrics = [sources.object(whole, { ...describedObject, apiVersion: "a/b/c" })];
    expect(updated({ metrics, maxReplicas: 6 }, { metrics })).toEqual([]);
  });
  test("of the status takes no negative counts", () => {
    const status = { currentReplicas: -1, desiredReplicas: -2 };
    expect(texts(validateUpdate(gvk, hpa({}, status), hpa(), "status"))).toEqual([
      "status.currentReplicas: Invalid value: -1: must be greater than or equal to 0",
      "status.desiredReplicas: Invalid value: -2: must be greater than or equal to 0",
    ]);
  });
});
