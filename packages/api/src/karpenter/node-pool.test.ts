import { describe, expect, test } from "vitest";
import type { Kind } from "../kind.ts";
import { formatProblem, readObject } from "../read-object.ts";
import type { StructuralSchema } from "../structural-schema.ts";
import { NodeClaim } from "./node-claim.ts";
import { NodeOverlay } from "./node-overlay.ts";
import { NodePool } from "./node-pool.ts";

const nodeClassRef = { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" };
const pool = (spec: object = {}, template: object = {}) => ({
  metadata: { name: "default" },
  spec: { template: { spec: { nodeClassRef, requirements: [], ...template } }, ...spec },
});
const problems = (kind: Kind, object: unknown) => {
  const result = readObject(kind, object);
  return result.ok ? [] : result.problems.map(formatProblem);
};

describe("a NodePool", () => {
  test("gets Karpenter's defaults", () => {
    const result = readObject(NodePool, pool());
    expect(result.ok && result.object.spec).toEqual({
      template: { spec: { nodeClassRef, requirements: [], expireAfter: "720h" } },
      disruption: {
        consolidationPolicy: "WhenEmptyOrUnderutilized",
        consolidateAfter: "0s",
        budgets: [{ nodes: "10%" }],
      },
    });
  });

  test.each([
    ["limits as text and as numbers", pool({ limits: { cpu: 1000, memory: "1000Gi" } })],
    ["Never", pool({ disruption: { consolidateAfter: "Never" } }, { expireAfter: "Never" })],
    ["several units", pool({ disruption: { consolidateAfter: "1h30m" } })],
    [
      "a budget with a schedule",
      pool({
        disruption: { consolidateAfter: "0s", budgets: [{ nodes: "0", schedule: "0 9 * * 1-5", duration: "8h" }] },
      }),
    ],
    [
      "a budget with a word for a schedule",
      pool({ disruption: { consolidateAfter: "0s", budgets: [{ nodes: "5", schedule: "@daily", duration: "10m" }] } }),
    ],
    ["a static pool", pool({ replicas: 3, limits: { nodes: 10 } })],
    [
      "a requirement with minValues",
      pool({}, { requirements: [{ key: "karpenter.k8s.aws/instance-family", operator: "Exists", minValues: 5 }] }),
    ],
    ["Gte", pool({}, { requirements: [{ key: "karpenter.k8s.aws/instance-cpu", operator: "Gte", values: ["4"] }] })],
    ["taints", pool({}, { taints: [{ key: "example.com/team", value: "a", effect: "NoSchedule" }] })],
    ["a grace period", pool({}, { terminationGracePeriod: "24h" })],
  ])("is accepted with %s", (_name, object) => {
    expect(problems(NodePool, object)).toEqual([]);
  });

  test.each([
    ["no template", { metadata: { name: "a" }, spec: {} }, "spec.template: nothing, expected an object"],
    ["weight 0", pool({ weight: 0 }), "spec.weight: 0, expected at least 1"],
    ["weight 101", pool({ weight: 101 }), "spec.weight: 101, expected at most 100"],
    [
      "a policy of v1beta1",
      pool({ disruption: { consolidationPolicy: "WhenUnderutilized" } }),
      'spec.disruption.consolidationPolicy: "WhenUnderutilized", expected one of "WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"',
    ],
    [
      "a duration in days",
      pool({}, { expireAfter: "30d" }),
      'spec.template.spec.expireAfter: "30d", expected a duration such as 720h, or Never',
    ],
    [
      "101 percent",
      pool({ disruption: { budgets: [{ nodes: "101%" }] } }),
      'spec.disruption.budgets[0].nodes: "101%", expected a number of nodes, or a percentage of them',
    ],
    [
      "a reason that is none",
      pool({ disruption: { budgets: [{ nodes: "1", reasons: ["Bored"] }] } }),
      'spec.disruption.budgets[0].reasons[0]: "Bored", expected one of "Underutilized", "Empty", "Drifted"',
    ],
    [
      "a budget in seconds",
      pool({ disruption: { budgets: [{ nodes: "1", schedule: "@daily", duration: "90s" }] } }),
      'spec.disruption.budgets[0].duration: "90s", expected a duration in hours and minutes, such as 1h30m',
    ],
    [
      "an operator that is none",
      pool({}, { requirements: [{ key: "a", operator: "Like", values: [] }] }),
      'spec.template.spec.requirements[0].operator: "Like", expected one of "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"',
    ],
    [
      "minValues 51",
      pool({}, { requirements: [{ key: "a", operator: "Exists", minValues: 51 }] }),
      "spec.template.spec.requirements[0].minValues: 51, expected at most 50",
    ],
    [
      "an effect that is none",
      pool({}, { taints: [{ key: "a", effect: "NoWay" }] }),
      'spec.template.spec.taints[0].effect: "NoWay", expected one of "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
    [
      "a limit that is no quantity",
      pool({ limits: { cpu: "lots" } }),
      'spec.limits.cpu: "lots", expected a quantity such as 100m or 1.5Gi',
    ],
  ])("is refused with %s", (_name, object, message) => {
    expect(problems(NodePool, object)).toEqual([message]);
  });
});

test("a NodeClaim may have conditions without a reason", () => {
  const status = { conditions: [{ type: "Launched", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }] };
  expect(problems(NodeClaim, { metadata: { name: "a" }, spec: { nodeClassRef, requirements: [] }, status })).toEqual(
    [],
  );
});

test.each([
  ["+0.05", true],
  ["-10%", true],
  ["-100%", true],
  ["+150%", true],
  ["-101%", false],
  ["10%", false],
])("a NodeOverlay's price adjustment %s: %s", (priceAdjustment, accepted) => {
  expect(
    problems(NodeOverlay, { metadata: { name: "a" }, spec: { requirements: [], priceAdjustment } }).length === 0,
  ).toBe(accepted);
});

/** The API server evaluates the rules; here they are only counted, by the message that an object is refused with. */
const messages = (schema: StructuralSchema | undefined): string[] =>
  schema === undefined
    ? []
    : [
        ...(schema["x-kubernetes-validations"] ?? []).map(({ message }) => message ?? ""),
        ...Object.values(schema.properties ?? {}).flatMap(messages),
        ...messages(schema.items),
        ...(typeof schema.additionalProperties === "object" ? messages(schema.additionalProperties) : []),
      ];

test("the rules that the API server evaluates", () => {
  expect(messages(NodePool.custom?.structural)).toMatchInlineSnapshot(`
    [
      "Cannot transition NodePool between static (replicas set) and dynamic (replicas unset) provisioning modes",
      "only 'limits.nodes' is supported on static NodePools",
      "'weight' is not supported on static NodePools",
      "label domain "karpenter.sh" is restricted",
      "label "karpenter.sh/nodepool" is restricted",
      "label "kubernetes.io/hostname" is restricted",
      "label domain "karpenter.k8s.aws" is restricted",
      "nodeClassRef.group is immutable",
      "nodeClassRef.kind is immutable",
      "group may not be empty",
      "kind may not be empty",
      "name may not be empty",
      "requirements with operator 'In' must have a value defined",
      "requirements operator 'Gt', 'Lt', 'Gte', or 'Lte' must have a single positive integer value",
      "requirements with 'minValues' must have at least that many values specified in the 'values' field",
      "label domain "karpenter.sh" is restricted",
      "label "karpenter.sh/nodepool" is restricted",
      "label "kubernetes.io/hostname" is restricted",
      "label domain "karpenter.k8s.aws" is restricted",
      "'schedule' must be set with 'duration'",
    ]
  `);
  expect(messages(NodeClaim.custom?.structural)).toMatchInlineSnapshot(`
    [
      "spec is immutable",
      "group may not be empty",
      "kind may not be empty",
      "name may not be empty",
      "requirements with operator 'In' must have a value defined",
      "requirements operator 'Gt', 'Lt', 'Gte', or 'Lte' must have a single positive integer value",
      "requirements with 'minValues' must have at least that many values specified in the 'values' field",
      "label domain "karpenter.sh" is restricted",
      "label "kubernetes.io/hostname" is restricted",
      "label domain "karpenter.k8s.aws" is restricted",
    ]
  `);
  expect(messages(NodeOverlay.custom?.structural)).toMatchInlineSnapshot(`
    [
      "cannot set both 'price' and 'priceAdjustment'",
      "requirements with operator 'NotIn' must have a value defined",
      "requirements with operator 'In' must have a value defined",
      "requirements operator 'Gt', 'Lt', 'Gte' or 'Lte' must have a single positive integer value",
      "label domain "karpenter.sh" is restricted",
      "label "kubernetes.io/hostname" is restricted",
      "label domain "karpenter.k8s.aws" is restricted",
      "invalid resource restricted",
    ]
  `);
});
