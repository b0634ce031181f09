import { describe, expect, test } from "vitest";
import { embeddedSchema } from "../builtin/embedded-schema.ts";
import { crdOf } from "../crd.ts";
import { formatProblem, readObject } from "../read-object.ts";
import type { StructuralSchema } from "../structural-schema.ts";
import { CloudEventSource } from "./cloud-event-source.ts";
import { ClusterCloudEventSource } from "./cluster-cloud-event-source.ts";
import { ClusterTriggerAuthentication } from "./cluster-trigger-authentication.ts";
import { ScaledJob } from "./scaled-job.ts";
import { ScaledObject } from "./scaled-object.ts";
import { TriggerAuthentication } from "./trigger-authentication.ts";

const cron = {
  type: "cron",
  metadata: { timezone: "Etc/UTC", start: "0 8 * * *", end: "0 18 * * *", desiredReplicas: "3" },
};

/** A ScaledObject with these fields beside what it must have. */
function aScaledObject(spec: Record<string, unknown> = {}) {
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: { name: "web", namespace: "default" },
    spec: { scaleTargetRef: { name: "web" }, triggers: [cron], ...spec },
  };
}

function aScaledJob(spec: Record<string, unknown> = {}) {
  const template = { spec: { containers: [{ name: "worker", image: "worker:1" }], restartPolicy: "Never" } };
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledJob",
    metadata: { name: "work", namespace: "default" },
    spec: { jobTargetRef: { template }, triggers: [cron], ...spec },
  };
}

function anAuthentication(spec: Record<string, unknown>) {
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "TriggerAuthentication",
    metadata: { name: "login", namespace: "default" },
    spec,
  };
}

function problems(kind: Parameters<typeof readObject>[0], object: unknown): string[] {
  const result = readObject(kind, object);
  return result.ok ? [] : result.problems.map(formatProblem);
}

describe("a ScaledObject", () => {
  test.each([
    ["with the least that it must have", {}],
    ["scaled to zero, idle below its minimum", { minReplicaCount: 2, idleReplicaCount: 0, maxReplicaCount: 10 }],
    ["with all times", { pollingInterval: 1, cooldownPeriod: 0, initialCooldownPeriod: 0 }],
    ["with a fallback", { fallback: { failureThreshold: 3, replicas: 6, behavior: "currentReplicasIfHigher" } }],
    [
      "with the behavior of its HPA",
      {
        advanced: {
          horizontalPodAutoscalerConfig: {
            name: "custom",
            behavior: {
              scaleDown: {
                stabilizationWindowSeconds: 3600,
                policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
                tolerance: "0.05",
              },
            },
          },
        },
      },
    ],
    [
      "with a formula",
      { advanced: { scalingModifiers: { formula: "a + b", target: "2", activationTarget: "1", metricType: "Value" } } },
    ],
    [
      "with credentials for all namespaces",
      { triggers: [{ ...cron, authenticationRef: { name: "login", kind: "ClusterTriggerAuthentication" } }] },
    ],
  ])("%s is accepted", (_name, spec) => {
    expect(problems(ScaledObject, aScaledObject(spec))).toEqual([]);
  });

  test.each([
    ["no triggers", { triggers: [] }, "spec.triggers: [], expected at least 1 items"],
    [
      "a nameless target",
      { scaleTargetRef: { name: "" } },
      'spec.scaleTargetRef.name: "", expected at least 1 characters',
    ],
    ["no target", { scaleTargetRef: undefined }, "spec.scaleTargetRef: nothing, expected an object"],
    ["no most replicas", { maxReplicaCount: 0 }, "spec.maxReplicaCount: 0, expected at least 1"],
    ["a negative minimum", { minReplicaCount: -1 }, "spec.minReplicaCount: -1, expected at least 0"],
    ["no polling", { pollingInterval: 0 }, "spec.pollingInterval: 0, expected at least 1"],
    ["text for a number", { cooldownPeriod: "300" }, 'spec.cooldownPeriod: "300", expected a number'],
    [
      "a number in the metadata of a trigger",
      { triggers: [{ type: "cron", metadata: { desiredReplicas: 3 } }] },
      "spec.triggers[0].metadata.desiredReplicas: 3, expected text",
    ],
    [
      "a typeless trigger",
      { triggers: [{ type: "", metadata: {} }] },
      'spec.triggers[0].type: "", expected at least 1 characters',
    ],
    [
      "an unknown kind of credentials",
      { triggers: [{ ...cron, authenticationRef: { name: "login", kind: "Secret" } }] },
      'spec.triggers[0].authenticationRef.kind: "Secret", expected one of "TriggerAuthentication", "ClusterTriggerAuthentication"',
    ],
    [
      "too long a window",
      { advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleUp: { stabilizationWindowSeconds: 3601 } } } } },
      "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.stabilizationWindowSeconds: 3601, expected at most 3600",
    ],
    [
      "an unknown fallback",
      { fallback: { failureThreshold: 3, replicas: 1, behavior: "zero" } },
      'spec.fallback.behavior: "zero", expected one of "static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers"',
    ],
    ["half a fallback", { fallback: { replicas: 1 } }, "spec.fallback.failureThreshold: nothing, expected a number"],
  ])("with %s is refused", (_name, spec, problem) => {
    expect(problems(ScaledObject, aScaledObject(spec))).toEqual([problem]);
  });

  test("gets only the default of its fallback", () => {
    const plain = readObject(ScaledObject, aScaledObject());
    expect(plain).toEqual({ ok: true, object: aScaledObject() });
    const falling = readObject(ScaledObject, aScaledObject({ fallback: { failureThreshold: 3, replicas: 1 } }));
    expect(falling.ok && falling.object.spec.fallback).toEqual({
      failureThreshold: 3,
      replicas: 1,
      behavior: "static",
    });
  });

  test("is shown by kubectl in KEDA's columns", () => {
    const [version] = crdOf(ScaledObject).spec.versions;
    expect(version?.additionalPrinterColumns?.map((column) => column.name)).toEqual([
      "ScaleTargetKind",
      "ScaleTargetName",
      "Min",
      "Max",
      "Ready",
      "Active",
      "Fallback",
      "Paused",
      "Triggers",
      "Authentications",
      "Age",
    ]);
    expect(version?.subresources).toEqual({ status: {} });
  });

  test("has its bounds compared by the API server", () => {
    const spec = crdOf(ScaledObject).spec.versions[0]?.schema.openAPIV3Schema.properties?.["spec"];
    expect(spec?.["x-kubernetes-validations"]).toEqual([
      {
        rule: "!has(self.minReplicaCount) || self.minReplicaCount <= (has(self.maxReplicaCount) ? self.maxReplicaCount : 100)",
        message: "minReplicaCount must be less than or equal to maxReplicaCount",
      },
    ]);
  });
});

describe("a ScaledJob", () => {
  test.each([
    ["with the least that it must have", {}],
    ["with a rollout", { rollout: { strategy: "gradual", propagationPolicy: "foreground" } }],
    ["with the old field of the rollout", { rolloutStrategy: "immediate" }],
    ["with a strategy", { scalingStrategy: { strategy: "eager", multipleScalersCalculation: "sum" } }],
  ])("%s is accepted", (_name, spec) => {
    expect(problems(ScaledJob, aScaledJob(spec))).toEqual([]);
  });

  test.each([
    ["no job", { jobTargetRef: undefined }, "spec.jobTargetRef: nothing, expected an object"],
    ["no pods in its job", { jobTargetRef: {} }, "spec.jobTargetRef.template: nothing, expected an object"],
    [
      "no containers in its pods",
      { jobTargetRef: { template: { spec: {} } } },
      "spec.jobTargetRef.template.spec.containers: nothing, expected a list",
    ],
    [
      "an unknown strategy",
      { scalingStrategy: { strategy: "fast" } },
      'spec.scalingStrategy.strategy: "fast", expected one of "default", "custom", "accurate", "eager"',
    ],
    ["a negative history", { failedJobsHistoryLimit: -1 }, "spec.failedJobsHistoryLimit: -1, expected at least 0"],
  ])("with %s is refused", (_name, spec, problem) => {
    expect(problems(ScaledJob, aScaledJob(spec))).toEqual([problem]);
  });

  test("without a spec is accepted, as upstream does", () => {
    expect(problems(ScaledJob, { metadata: { name: "work" } })).toEqual([]);
  });

  test("embeds all of a Job's spec", () => {
    const spec = crdOf(ScaledJob).spec.versions[0]?.schema.openAPIV3Schema.properties?.["spec"];
    const embedded = spec?.properties?.["jobTargetRef"];
    expect(embedded?.properties?.["template"]?.properties?.["metadata"]).toMatchObject({
      "x-kubernetes-preserve-unknown-fields": true,
    });
    const expected = embeddedSchema("io.k8s.api.batch.v1.JobSpec");
    expect(containersOf(embedded)).toMatchObject(containersOf(expected) ?? {});
  });

  test("gets the defaults of its pods, and keeps any metadata on them", () => {
    const template = {
      metadata: { labels: { app: "work" }, generateName: "work-" },
      spec: { containers: [{ name: "worker", ports: [{ containerPort: 80 }] }] },
    };
    const read = readObject(ScaledJob, aScaledJob({ jobTargetRef: { template } }));
    expect(read.ok && read.object.spec?.jobTargetRef.template).toEqual({
      metadata: template.metadata,
      spec: { containers: [{ name: "worker", ports: [{ containerPort: 80, protocol: "TCP" }] }] },
    });
  });

  test("has triggers without metricType", () => {
    const spec = crdOf(ScaledJob).spec.versions[0]?.schema.openAPIV3Schema.properties?.["spec"];
    expect(spec?.properties?.["triggers"]?.items?.properties).not.toHaveProperty("metricType");
  });
});

function containersOf(jobSpec: StructuralSchema | undefined): StructuralSchema | undefined {
  return jobSpec?.properties?.["template"]?.properties?.["spec"]?.properties?.["containers"];
}

describe("an authentication", () => {
  const valueFrom = { secretKeyRef: { name: "cloud", key: "secret" } };

  test.each([
    ["that says nothing", {}],
    ["by the pod's identity", { podIdentity: { provider: "aws", roleArn: "arn:aws:iam::123456789012:role/reader" } }],
    ["from a Secret", { secretTargetRef: [{ parameter: "password", name: "db", key: "password" }] }],
    ["from the environment", { env: [{ parameter: "password", name: "PASSWORD" }] }],
    ["from a file", { filePath: "/run/login.json" }],
    [
      "from Vault, with the type left empty",
      {
        hashiCorpVault: {
          address: "https://vault.example.com",
          authentication: "kubernetes",
          role: "keda",
          secrets: [{ parameter: "password", key: "password", path: "db", type: "" }],
        },
      },
    ],
    [
      "from AWS",
      {
        awsSecretManager: {
          credentials: { accessKey: { valueFrom }, accessSecretKey: { valueFrom } },
          secrets: [{ parameter: "password", name: "db" }],
        },
      },
    ],
    ["by OAuth2", { oauth2: { clientId: "keda", tokenUrl: "https://id.example.com/token" } }],
  ])("%s is accepted", (_name, spec) => {
    expect(problems(TriggerAuthentication, anAuthentication(spec))).toEqual([]);
    expect(problems(ClusterTriggerAuthentication, anAuthentication(spec))).toEqual([]);
  });

  test.each([
    [
      "an unknown identity",
      { podIdentity: { provider: "azure" } },
      'spec.podIdentity.provider: "azure", expected one of "azure-workload", "gcp", "aws", "aws-eks", "none"',
    ],
    [
      "no key of the Secret",
      { secretTargetRef: [{ parameter: "password", name: "db" }] },
      "spec.secretTargetRef[0].key: nothing, expected text",
    ],
    [
      "nothing to read from Vault",
      { hashiCorpVault: { address: "https://vault.example.com", authentication: "token", secrets: [] } },
      "spec.hashiCorpVault.secrets: [], expected at least 1 items",
    ],
    [
      "half of an access key",
      { awsSecretManager: { credentials: { accessKey: { valueFrom } }, secrets: [{ parameter: "a", name: "b" }] } },
      "spec.awsSecretManager.credentials.accessSecretKey: nothing, expected an object",
    ],
  ])("with %s is refused", (_name, spec, problem) => {
    expect(problems(TriggerAuthentication, anAuthentication(spec))).toEqual([problem]);
  });

  test("by OAuth2 uses the flow there is", () => {
    const read = readObject(TriggerAuthentication, anAuthentication({ oauth2: { clientId: "a", tokenUrl: "b" } }));
    expect(read.ok && read.object.spec.oauth2?.type).toBe("clientCredentials");
  });

  test("shows who uses it only when asked for more", () => {
    expect(
      TriggerAuthentication.custom?.columns.filter((column) => column.priority === 1).map(({ name }) => name),
    ).toEqual(["ScaledObjects", "ScaledJobs"]);
  });
});

describe("a source of CloudEvents", () => {
  const object = (spec: Record<string, unknown>) => ({
    metadata: { name: "events" },
    spec: { destination: { http: { uri: "http://events.example.com" } }, ...spec },
  });

  test("with a destination is accepted", () => {
    expect(problems(CloudEventSource, object({}))).toEqual([]);
    expect(problems(ClusterCloudEventSource, object({ clusterName: "a" }))).toEqual([]);
  });

  test("that names an unknown event is refused", () => {
    const [problem] = problems(
      CloudEventSource,
      object({ eventSubscription: { includedEventTypes: ["keda.any.v1"] } }),
    );
    expect(problem).toMatch(/^spec\.eventSubscription\.includedEventTypes\[0\]: "keda\.any\.v1", expected one of /);
  });
});

test.each([
  [ScaledObject, "scaledobjects", ["so"], "Namespaced"],
  [ScaledJob, "scaledjobs", ["sj"], "Namespaced"],
  [TriggerAuthentication, "triggerauthentications", ["ta", "triggerauth"], "Namespaced"],
  [ClusterTriggerAuthentication, "clustertriggerauthentications", ["cta", "clustertriggerauth"], "Cluster"],
  [CloudEventSource, "cloudeventsources", [], "Namespaced"],
  [ClusterCloudEventSource, "clustercloudeventsources", [], "Cluster"],
])("$kind has KEDA's names", (kind, plural, shortNames, scope) => {
  expect(kind).toMatchObject({ plural, shortNames, scope, categories: [], version: "v1alpha1" });
});
