import { readdirSync, readFileSync } from "node:fs";
import type { CustomResourceDefinition, KubernetesObject } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { customResourceDefinition, defaultDefinition, validateDefinition } from "./custom-resource-definition.ts";

const folder = new URL("../../../../../deploy/crds/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
const read = (file: string) =>
  defaultDefinition(parse(readFileSync(new URL(file, folder), "utf8")) as CustomResourceDefinition);

test.each(files)("%s is a sound definition, and all its rules compile", (file) => {
  expect(validateDefinition(read(file))).toEqual([]);
});

function problems(file: string, version: string, spec: object): string[] {
  const found = customResourceDefinition(read(file)).versions.find(({ name }) => name === version);
  if (!found) throw new Error(`${file} has no version ${version}`);
  const object = { apiVersion: found.apiVersion, kind: found.kind, metadata: { name: "x" }, spec } as KubernetesObject;
  const { object: complete } = found.prune(found.applyDefaults({ ...object }));
  return found
    .validateCreate(complete as unknown as KubernetesObject)
    .errors.map(({ field, message }) => `${field}: ${message}`);
}

const nodeClassRef = { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" };
const nodePool = (requirement: object, more: object = {}) => ({
  template: { spec: { nodeClassRef, requirements: [requirement], ...more } },
});
const spot = { key: "karpenter.sh/capacity-type", operator: "In", values: ["spot"] };

describe("a NodePool", () => {
  const file = "karpenter.sh_nodepools.yaml";
  test("that is sound is accepted", () => {
    expect(problems(file, "v1", nodePool(spot, { expireAfter: "720h" }))).toEqual([]);
  });

  test.each([
    { key: "kubernetes.io/hostname", says: 'label "kubernetes.io/hostname" is restricted' },
    { key: "karpenter.sh/nodepool", says: 'label "karpenter.sh/nodepool" is restricted' },
    { key: "karpenter.sh/other", says: 'label domain "karpenter.sh" is restricted' },
  ])("can't require $key", ({ key, says }) => {
    expect(problems(file, "v1", nodePool({ key, operator: "Exists" })).join()).toContain(says);
  });

  test("needs values with In, and one whole number with Gt", () => {
    expect(problems(file, "v1", nodePool({ key: "a", operator: "In" })).join()).toContain(
      "requirements with operator 'In' must have a value defined",
    );
    expect(problems(file, "v1", nodePool({ key: "a", operator: "Gt", values: ["-1"] })).join()).toContain(
      "must have a single positive integer value",
    );
    expect(problems(file, "v1", nodePool({ key: "a", operator: "Gt", values: ["4"] }))).toEqual([]);
  });

  test("needs a schedule and a duration together in a budget", () => {
    const disruption = { consolidateAfter: "30s", budgets: [{ nodes: "10%", schedule: "0 9 * * *" }] };
    expect(problems(file, "v1", { ...nodePool(spot), disruption }).join()).toContain(
      "'schedule' must be set with 'duration'",
    );
  });
});

describe("an EC2NodeClass", () => {
  const file = "karpenter.k8s.aws_ec2nodeclasses.yaml";
  const nodeClass = (more: object = {}) => ({
    role: "node",
    amiSelectorTerms: [{ alias: "al2023@latest" }],
    subnetSelectorTerms: [{ tags: { "karpenter.sh/discovery": "x" } }],
    securityGroupSelectorTerms: [{ tags: { "karpenter.sh/discovery": "x" } }],
    ...more,
  });

  test("that is sound is accepted", () => expect(problems(file, "v1", nodeClass())).toEqual([]));

  test.each([
    { more: { instanceProfile: "p" }, says: "must specify exactly one of ['role', 'instanceProfile']" },
    { more: { subnetSelectorTerms: [] }, says: "subnetSelectorTerms cannot be empty" },
    { more: { subnetSelectorTerms: [{}] }, says: "expected at least one, got none, ['tags', 'id']" },
    { more: { amiSelectorTerms: [{ alias: "al2023" }] }, says: "'alias' is improperly formatted" },
    {
      more: { tags: { "karpenter.sh/nodepool": "x" } },
      says: "tag contains a restricted tag matching karpenter.sh/nodepool",
    },
  ])("is refused: $says", ({ more, says }) => {
    expect(problems(file, "v1", nodeClass(more)).join()).toContain(says);
  });
});

describe("a ScaledObject", () => {
  const file = "keda.sh_scaledobjects.yaml";
  const triggers = [{ type: "cron", metadata: {} }];
  test("that is sound is accepted", () => {
    expect(problems(file, "v1alpha1", { scaleTargetRef: { name: "x" }, triggers })).toEqual([]);
  });

  test("names its target, and counts in whole numbers", () => {
    expect(problems(file, "v1alpha1", { triggers })).toContain("spec.scaleTargetRef: Required value");
    const spec = { scaleTargetRef: { name: "x" }, triggers, minReplicaCount: "string" };
    expect(problems(file, "v1alpha1", spec)).toContain(
      'spec.minReplicaCount: Invalid value: "string": spec.minReplicaCount in body must be of type integer: "string"',
    );
  });
});
