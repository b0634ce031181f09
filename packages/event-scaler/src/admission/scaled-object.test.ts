import type { HorizontalPodAutoscaler, LimitRange, PodSpec, ScaledObject } from "@bellows/api";
import { expect, test } from "vitest";
import { alone, type ScaledObjectSurroundings, validateScaledObject } from "./scaled-object.ts";

type Spec = NonNullable<ScaledObject["spec"]>;

const cron = { type: "cron", metadata: {} };
const cpu = { type: "cpu", metadata: { value: "50" } };

const anObject = (spec: Partial<Spec> = {}, metadata: Partial<ScaledObject["metadata"]> = {}): ScaledObject => ({
  apiVersion: "keda.sh/v1alpha1",
  kind: "ScaledObject",
  metadata: { name: "so", namespace: "default", ...metadata },
  spec: { scaleTargetRef: { name: "web" }, triggers: [cron], ...spec },
});

const anHpa = (more: object = {}, kind = "Deployment"): HorizontalPodAutoscaler =>
  ({
    metadata: { name: "test-hpa", namespace: "default", ...more },
    spec: { scaleTargetRef: { apiVersion: "apps/v1", kind, name: "web" }, maxReplicas: 3 },
  }) as HorizontalPodAutoscaler;

const pods = (...resources: readonly object[]): ScaledObjectSurroundings => ({
  ...alone,
  target: {
    podSpec: { containers: resources.map((one, index) => ({ name: `c${index}`, resources: one })) } as PodSpec,
  },
});
const limits = (limit: object): LimitRange => ({ metadata: { name: "l" }, spec: { limits: [limit] } }) as LimitRange;
const modifiers = (scalingModifiers: object, triggers: Spec["triggers"] = [{ ...cron, name: "trig_one" }]) =>
  anObject({ triggers, advanced: { scalingModifiers } });

const fallback = { failureThreshold: 3, replicas: 3, behavior: "static" } as const;

interface Case {
  readonly name: string;
  readonly object: ScaledObject;
  readonly around?: Partial<ScaledObjectSurroundings>;
  readonly message?: string;
  readonly field?: string;
}

const cases: readonly Case[] = [
  { name: "a plain one", object: anObject() },
  {
    name: "no triggers",
    object: anObject({ triggers: [] }),
    message: "no triggers defined in the ScaledObject/ScaledJob",
    field: "spec.triggers",
  },
  {
    name: "two triggers of one name",
    object: anObject({
      triggers: [
        { ...cron, name: "a" },
        { ...cron, name: "a" },
      ],
    }),
    message: 'triggerName "a" is defined multiple times in the ScaledObject/ScaledJob, but it must be unique',
  },
  {
    name: "a cached cron",
    object: anObject({ triggers: [{ ...cron, useCachedMetrics: true }] }),
    message: 'property "useCachedMetrics" is not supported for "cron" scaler',
  },
  {
    name: "a long name",
    object: anObject({ advanced: { horizontalPodAutoscalerConfig: { name: "h" } } }, { name: "n".repeat(64) }),
    message: `scaledobject name "${"n".repeat(64)}" is 64 characters long; must be no more than 63 characters because it is used as the "scaledobject.keda.sh/name" label value`,
    field: "metadata.name",
  },
  {
    name: "a name that is too long for its HPA",
    object: anObject({}, { name: "n".repeat(55) }),
    message: `HPA name "keda-hpa-${"n".repeat(55)}" derived from scaledobject is 64 characters long; must be no more than 63 characters; set spec.advanced.horizontalPodAutoscalerConfig.name to a shorter name or shorten the scaledobject name`,
  },
  { name: "a name that is just short enough", object: anObject({}, { name: "n".repeat(54) }) },
  {
    name: "the longest name that a label may have, with a name for its HPA",
    object: anObject({ advanced: { horizontalPodAutoscalerConfig: { name: "h" } } }, { name: "n".repeat(63) }),
  },
  {
    name: "a name that needed one for its HPA, without it",
    object: anObject({ advanced: {} }, { name: "n".repeat(60) }),
    message: `HPA name "keda-hpa-${"n".repeat(60)}" derived from scaledobject is 69 characters long; must be no more than 63 characters; set spec.advanced.horizontalPodAutoscalerConfig.name to a shorter name or shorten the scaledobject name`,
    field: "spec.advanced.horizontalPodAutoscalerConfig.name",
  },
  ...["cpu", "memory"].map((type) => ({
    name: `a cached ${type}`,
    object: anObject({ triggers: [{ type, metadata: {}, useCachedMetrics: true }, cron] }),
    around: pods({ requests: { cpu: "1", memory: "1Gi" } }),
    message: `property "useCachedMetrics" is not supported for "${type}" scaler`,
  })),
  { name: "a cached kafka", object: anObject({ triggers: [{ type: "kafka", metadata: {}, useCachedMetrics: true }] }) },
  {
    name: "two triggers of two names",
    object: anObject({
      triggers: [
        { ...cron, name: "a" },
        { ...cron, name: "b" },
      ],
    }),
  },
  {
    name: "the least, at most and idle in order",
    object: anObject({ idleReplicaCount: 1, minReplicaCount: 5, maxReplicaCount: 10 }),
  },
  {
    name: "idle replicas above the minimum",
    object: anObject({ idleReplicaCount: 2, minReplicaCount: 1, maxReplicaCount: 5 }),
    message: "IdleReplicaCount=2 must be less than MinReplicaCount=1",
  },
  {
    name: "idle replicas above the maximum, without a minimum",
    object: anObject({ idleReplicaCount: 10, maxReplicaCount: 5 }),
    message: "IdleReplicaCount=10 must be less than MinReplicaCount=0",
  },
  {
    name: "more at least than at most",
    object: anObject({ minReplicaCount: 5, maxReplicaCount: 3 }),
    message: "MinReplicaCount=5 must be less than MaxReplicaCount=3",
    field: "spec.minReplicaCount",
  },
  { name: "as many at least as at most", object: anObject({ minReplicaCount: 3, maxReplicaCount: 3 }) },
  {
    name: "more at least than the default at most",
    object: anObject({ minReplicaCount: 101 }),
    message: "MinReplicaCount=101 must be less than MaxReplicaCount=100",
  },
  {
    name: "idle replicas that are not fewer",
    object: anObject({ idleReplicaCount: 3, minReplicaCount: 3 }),
    message: "IdleReplicaCount=3 must be less than MinReplicaCount=3",
    field: "spec.idleReplicaCount",
  },
  {
    name: "idle replicas without a minimum",
    object: anObject({ idleReplicaCount: 0 }),
    message: "IdleReplicaCount=0 must be less than MinReplicaCount=0",
  },
  { name: "idle replicas below the minimum", object: anObject({ idleReplicaCount: 0, minReplicaCount: 1 }) },
  {
    name: "a fallback that only cpu could use",
    object: anObject({
      triggers: [cpu],
      minReplicaCount: 1,
      fallback,
    }),
    message:
      "at least one trigger (that is not cpu or memory) has to have the `AverageValue` type for the fallback to be enabled",
    field: "spec.fallback",
  },
  {
    name: "a fallback of a cron and cpu",
    object: anObject({ triggers: [cpu, cron], fallback }),
  },
  {
    name: "a fallback that only memory could use",
    object: anObject({ triggers: [{ type: "memory", metadata: {} }], minReplicaCount: 1, fallback }),
    message:
      "at least one trigger (that is not cpu or memory) has to have the `AverageValue` type for the fallback to be enabled",
  },
  ...(["AverageValue", "Value", undefined] as const).map((metricType) => ({
    name: `a fallback of a metric of type ${metricType}`,
    object: anObject({ triggers: [{ ...cron, ...(metricType && { metricType }) }], fallback }),
  })),
  ...(["AverageValue", "Value"] as const).map((metricType) => ({
    name: `a fallback of a formula of type ${metricType}`,
    object: anObject({
      triggers: [cpu, { ...cron, name: "one" }],
      fallback,
      advanced: { scalingModifiers: { formula: "one * 2", target: "2", metricType } },
    }),
    around: pods({ requests: { cpu: "1" } }),
  })),
  {
    name: "a fallback to less than nothing",
    object: anObject({ fallback: { ...fallback, replicas: -1 } }),
    message: "FailureThreshold=3 & Replicas=-1 must both be greater than or equal to 0",
    field: "spec.fallback.replicas",
  },
  {
    name: "a fallback of less than nothing, to less than nothing",
    object: anObject({ fallback: { ...fallback, failureThreshold: -1, replicas: -3 } }),
    message: "FailureThreshold=-1 & Replicas=-3 must both be greater than or equal to 0",
    field: "spec.fallback.failureThreshold",
  },
  {
    name: "a fallback of less than nothing",
    object: anObject({ fallback: { ...fallback, failureThreshold: -1 } }),
    message: "FailureThreshold=-1 & Replicas=3 must both be greater than or equal to 0",
  },
  {
    name: "another ScaledObject's target",
    object: anObject(),
    around: { scaledObjects: [anObject({}, { name: "other" })] },
    message: "the workload 'web' of type 'apps/v1.Deployment' is already managed by the ScaledObject 'other'",
    field: "spec.scaleTargetRef",
  },
  {
    name: "the name of another kind's target",
    object: anObject(),
    around: {
      scaledObjects: [anObject({ scaleTargetRef: { name: "web", kind: "StatefulSet" } }, { name: "other" })],
    },
  },
  {
    name: "another ScaledObject's target of the core group",
    object: anObject({ scaleTargetRef: { apiVersion: "v1", kind: "ReplicationController", name: "web" } }),
    around: {
      scaledObjects: [
        anObject(
          { scaleTargetRef: { apiVersion: "v1", kind: "ReplicationController", name: "web" } },
          { name: "other" },
        ),
      ],
    },
    message: "the workload 'web' of type '/v1.ReplicationController' is already managed by the ScaledObject 'other'",
  },
  {
    name: "a ScaledObject and an HPA of other targets",
    object: anObject(),
    around: {
      scaledObjects: [anObject({ scaleTargetRef: { name: "api" } }, { name: "other" })],
      hpas: [
        {
          ...anHpa(),
          spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "api" }, maxReplicas: 3 },
        },
      ],
    },
  },
  { name: "itself among the others", object: anObject(), around: { scaledObjects: [anObject()] } },
  {
    name: "another ScaledObject's HPA",
    object: anObject({ advanced: { horizontalPodAutoscalerConfig: { name: "keda-hpa-other" } } }),
    around: { scaledObjects: [anObject({ scaleTargetRef: { name: "api" } }, { name: "other" })] },
    message: "the HPA 'keda-hpa-other' is already managed by the ScaledObject 'other'",
  },
  {
    name: "a target that an HPA has",
    object: anObject(),
    around: { hpas: [anHpa()] },
    message: "the workload 'web' of type 'apps/v1.Deployment' is already managed by the hpa 'test-hpa'",
  },
  {
    name: "a target that an HPA of another kind has",
    object: anObject(),
    around: { hpas: [anHpa({}, "StatefulSet")] },
  },
  {
    name: "a target that its own HPA has",
    object: anObject(),
    around: { hpas: [anHpa({ ownerReferences: [{ kind: "ScaledObject", name: "so" }] })] },
  },
  {
    name: "an HPA that is out of the check",
    object: anObject(),
    around: { hpas: [anHpa({ annotations: { "validations.keda.sh/hpa-ownership": "false" } })] },
  },
  {
    name: "an HPA that is out of the check, and is not taken over",
    object: anObject(
      { advanced: { horizontalPodAutoscalerConfig: { name: "test-hpa" } } },
      { annotations: { "scaledobject.keda.sh/transfer-hpa-ownership": "false" } },
    ),
    around: { hpas: [anHpa({ annotations: { "validations.keda.sh/hpa-ownership": "false" } })] },
  },
  {
    name: "an HPA that is taken over by its name",
    object: anObject(
      { advanced: { horizontalPodAutoscalerConfig: { name: "test-hpa" } } },
      { annotations: { "scaledobject.keda.sh/transfer-hpa-ownership": "true" } },
    ),
    around: { hpas: [anHpa()] },
  },
  {
    name: "an HPA that is taken over without its name",
    object: anObject({}, { annotations: { "scaledobject.keda.sh/transfer-hpa-ownership": "true" } }),
    around: { hpas: [anHpa()] },
    message:
      "the existing hpa 'test-hpa' for workload 'web' of type 'apps/v1.Deployment' must be specified by name in advanced settings to enable ownership transfer",
  },
  {
    name: "a kind that nobody knows",
    object: anObject({ scaleTargetRef: { name: "web", apiVersion: "x.io/v1", kind: "Foo" } }),
    around: { unknownKinds: new Set(["x.io/v1 Foo"]) },
    message: 'no matches for kind "Foo" in version "x.io/v1"',
  },
  {
    name: "cpu without a request",
    object: anObject({ triggers: [cpu], minReplicaCount: 1 }),
    around: pods({ requests: { memory: "1Gi" } }),
    message: "the scaledobject has a cpu trigger but the container c0 doesn't have the cpu request defined",
    field: "spec.triggers[0]",
  },
  {
    name: "cpu with a request of nothing",
    object: anObject({ triggers: [cpu], minReplicaCount: 1 }),
    around: pods({ requests: { cpu: "0" } }),
    message: "the scaledobject has a cpu trigger but the container c0 doesn't have the cpu request defined",
  },
  {
    name: "cpu and memory without a request for memory",
    object: anObject({ triggers: [cron, cpu, { type: "memory", metadata: { value: "10" } }], minReplicaCount: 1 }),
    around: pods({ requests: { cpu: "100m", memory: "0" } }),
    message: "the scaledobject has a memory trigger but the container c0 doesn't have the memory request defined",
    field: "spec.triggers[2]",
  },
  {
    name: "cpu and memory with requests for both",
    object: anObject({ triggers: [cron, cpu, { type: "memory", metadata: { value: "10" } }], minReplicaCount: 1 }),
    around: pods({ requests: { cpu: "100m", memory: "100m" } }),
  },
  {
    name: "memory with a limit",
    object: anObject({ triggers: [{ type: "memory", metadata: { value: "512Mi" } }], minReplicaCount: 1 }),
    around: pods({ limits: { memory: "1Gi" } }),
  },
  {
    name: "cpu and memory with the default limits of a LimitRange",
    object: anObject({ triggers: [cron, cpu, { type: "memory", metadata: {} }] }),
    around: {
      ...pods({ requests: { cpu: "0", memory: "0" } }),
      limitRanges: [limits({ type: "Container", default: { cpu: "100m", memory: "100m" } })],
    },
  },
  {
    name: "cpu of a target whose pods are not known",
    object: anObject({
      scaleTargetRef: { apiVersion: "custom-api", kind: "StatefulSet", name: "web" },
      triggers: [cpu],
    }),
  },
  {
    name: "cpu with a limit",
    object: anObject({ triggers: [cpu], minReplicaCount: 1 }),
    around: pods({ limits: { cpu: "1" } }),
  },
  {
    name: "cpu of one container that has a request",
    object: anObject({ triggers: [{ ...cpu, metadata: { containerName: "c1" } }], minReplicaCount: 1 }),
    around: pods({}, { requests: { cpu: "100m" } }),
  },
  {
    name: "cpu with the default of a LimitRange",
    object: anObject({ triggers: [cpu], minReplicaCount: 1 }),
    around: { ...pods({}), limitRanges: [limits({ type: "Container", defaultRequest: { cpu: "100m" } })] },
  },
  {
    name: "cpu with a LimitRange for pods",
    object: anObject({ triggers: [cpu], minReplicaCount: 1 }),
    around: { ...pods({}), limitRanges: [limits({ type: "Pod", default: { cpu: "100m" } })] },
    message: "the scaledobject has a cpu trigger but the container c0 doesn't have the cpu request defined",
  },
  {
    name: "cpu only, down to zero",
    object: anObject({ triggers: [cpu] }),
    around: pods({ requests: { cpu: "1" } }),
    message: "scaledobject has only cpu/memory triggers AND minReplica is 0 (scale to zero doesn't work in this case)",
    field: "spec.minReplicaCount",
  },
  {
    name: "cpu and cron, down to zero",
    object: anObject({ triggers: [cpu, cron] }),
    around: pods({ requests: { cpu: "1" } }),
  },
  {
    name: "cpu of a Deployment that is not there",
    object: anObject({ triggers: [cpu], minReplicaCount: 1 }),
    around: { target: { problem: 'Deployment.apps "web" not found' } },
    message: 'Deployment.apps "web" not found',
  },
  { name: "a formula", object: modifiers({ target: "2", formula: "trig_one + 1" }) },
  ...[
    "trig_one + trig_two",
    "float(trig_two + 1)",
    "float(trig_two < 5 ? trig_one + trig_two : 5)",
    "trig_two < 5 ? trig_one + trig_two : 5",
    "count([trig_one,trig_two],{#>1}) > 1 ? 5 : 0",
    "float(trig_one < 2 ? trig_one+trig_two >= 2 ? 5 : 10 : 0)",
    "float(float(trig_two < 5 ? trig_one + trig_two : 5))",
  ].map((formula) => ({
    name: `the formula ${formula}`,
    object: modifiers({ target: "2", formula }, [
      { ...cron, name: "trig_one" },
      { type: "kubernetes-workload", name: "trig_two", metadata: {} },
    ]),
  })),
  {
    name: "a formula with the fallback that is a formula's own",
    object: anObject({
      triggers: [{ ...cron, name: "trig_one" }, cron],
      advanced: { scalingModifiers: { target: "2", formula: "trig_one ?? 5" } },
      fallback: { failureThreshold: 3, replicas: 5, behavior: "scalingModifiers" },
    }),
  },
  {
    name: "a formula of triggers without names",
    object: modifiers({ target: "2", formula: "trig_one + 1" }, [cron]),
    message:
      "error validating formula in ScalingModifiers\nunknown name trig_one (1:7)\n | float(trig_one + 1)\n | ......^",
  },
  {
    name: "a formula without a target",
    object: modifiers({ formula: "trig_one + 1" }),
    message: "error validating formula in ScalingModifiers\nformula is given but target is empty",
  },
  {
    name: "a target without a formula",
    object: modifiers({ target: "2" }),
    message: "error ScalingModifiers.Formula is mandatory",
  },
  {
    name: "a formula of a trigger that has no name",
    object: modifiers({ target: "2", formula: "trig_two + 1" }),
    message:
      "error validating formula in ScalingModifiers\nunknown name trig_two (1:7)\n | float(trig_two + 1)\n | ......^",
    field: "spec.advanced.scalingModifiers.formula",
  },
  {
    name: "a formula of cpu",
    object: modifiers({ target: "2", formula: "trig + 1" }, [{ ...cpu, name: "trig" }, cron]),
    message: "error validating formula in ScalingModifiers\nunknown name trig (1:7)\n | float(trig + 1)\n | ......^",
  },
  {
    name: "a target that is no number",
    object: modifiers({ target: "two", formula: "trig_one" }),
    message:
      'error validating target in ScalingModifiers\nerror converting target for scalingModifiers (string->float) to valid target: strconv.ParseFloat: parsing "two": invalid syntax',
    field: "spec.advanced.scalingModifiers.target",
  },
  {
    name: "an activation target that is no number",
    object: modifiers({ target: "2", formula: "trig_one", activationTarget: "few" }),
    message: 'scalingModifiers.ActivationTarget parsing error strconv.ParseFloat: parsing "few": invalid syntax',
    field: "spec.advanced.scalingModifiers.activationTarget",
  },
  { name: "a formula with fallbacks", object: modifiers({ target: "2", formula: "trig_one ?? 5" }) },
  {
    name: "the fallback of a formula without one",
    object: anObject({ fallback: { failureThreshold: 3, replicas: 3, behavior: "scalingModifiers" } }),
    message: "scalingModifiers fallback behavior requires scalingModifiers.formula to be defined",
    field: "spec.fallback.behavior",
  },
];

test.each(cases)("$name", ({ object, around = {}, message, field }) => {
  const { problems } = validateScaledObject(object, { ...alone, ...around });
  expect(problems.map((problem) => problem.message)).toEqual(message === undefined ? [] : [message]);
  if (field !== undefined) expect(problems[0]?.field).toBe(field);
});

test("a dry run does not look at the pods of the target", () => {
  const object = anObject({ triggers: [cpu], minReplicaCount: 1 });
  expect(validateScaledObject(object, pods({}), { dryRun: true }).problems).toEqual([]);
});

test.each([
  [{ minReplicaCount: 1, pollingInterval: 10 }, ["PollingInterval"]],
  [{ minReplicaCount: 1, pollingInterval: 10, cooldownPeriod: 10 }, ["PollingInterval", "CooldownPeriod"]],
  [{ minReplicaCount: 1, cooldownPeriod: 10, idleReplicaCount: 0 }, []],
  [{ minReplicaCount: 0, pollingInterval: 10 }, []],
  [{ minReplicaCount: 2, idleReplicaCount: 1, pollingInterval: 30 }, []],
  [{ minReplicaCount: 2, idleReplicaCount: 0, pollingInterval: 30, cooldownPeriod: 300 }, []],
  [{ minReplicaCount: 2, idleReplicaCount: 1, cooldownPeriod: 300 }, []],
  [{ minReplicaCount: 2 }, []],
  [{ minReplicaCount: 1, cooldownPeriod: 300 }, ["CooldownPeriod"]],
  [
    {
      minReplicaCount: 1,
      pollingInterval: 10,
      triggers: [{ type: "prometheus", metadata: {}, useCachedMetrics: true }],
    },
    [],
  ],
])("%o warns about %o", (spec, expected) => {
  const { warnings } = validateScaledObject(anObject(spec), alone);
  expect(warnings.map((text) => text.split(" ")[0])).toEqual(expected);
});
