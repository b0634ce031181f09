import { expect, test } from "vitest";
import { applyDefaults } from "../defaults/index.ts";
import { validateCreate, validateUpdate } from "./index.ts";

const gvk = { group: "apps", version: "v1", kind: "Deployment" };
const deployment = (spec: object) =>
  applyDefaults(gvk, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "nginx" }] } },
      ...spec,
    },
  });
const texts = (errors: readonly { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message}`);

test.each([
  { name: "takes a complete Deployment", spec: {}, problems: [] },
  {
    name: "refuses a negative count",
    spec: { replicas: -1 },
    problems: ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
  },
  {
    name: "wants the selector to select the template",
    spec: { selector: { matchLabels: { app: "api" } } },
    problems: [
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
  },
  {
    name: "refuses a rollout that can't move",
    spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } },
    problems: ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"],
  },
])("$name", ({ spec, problems }) => {
  expect(texts(validateCreate(gvk, deployment(spec)))).toEqual(problems);
});

test("a selector never changes", () => {
  const selector = { matchLabels: { app: "web", tier: "front" } };
  const template = {
    metadata: { labels: selector.matchLabels },
    spec: { containers: [{ name: "web", image: "nginx" }] },
  };
  expect(texts(validateUpdate(gvk, deployment({ selector, template }), deployment({})))).toEqual([
    'spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"front"}}: field is immutable',
  ]);
});
