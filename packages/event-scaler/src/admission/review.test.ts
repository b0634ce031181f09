import type { KubernetesObject } from "@bellows/api";
import type { Cache, EventInput } from "@bellows/kube";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { WebhookMetrics } from "../metrics.ts";
import { admissionHandler, admissionPaths } from "./review.ts";
import { webhookConfiguration } from "./webhook-configuration.ts";

const cacheOf = (objects: Readonly<Record<string, readonly KubernetesObject[]>> = {}) =>
  ({
    list: ({ kind }: { kind: string }) => objects[kind] ?? [],
    get: ({ kind }: { kind: string }) => objects[kind]?.[0],
  }) as unknown as Cache;

const anObject = (spec: object, metadata: object = {}) => ({
  apiVersion: "keda.sh/v1alpha1",
  kind: "ScaledObject",
  metadata: { name: "so", namespace: "default", ...metadata },
  spec: { scaleTargetRef: { name: "web" }, triggers: [{ type: "cron", metadata: {} }], ...spec },
});

const review = (object: object, more: object = {}) => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: { uid: "u1", operation: "CREATE", dryRun: false, object, ...more },
});

const [scaledObjects, scaledJobs, authentications, clusterAuthentications, cloudEventSources] = admissionPaths as [
  string,
  string,
  string,
  string,
  string,
];

test("a wrong ScaledObject is refused with upstream's message, and counted", async () => {
  const registry = new Registry();
  const handler = admissionHandler({ cache: cacheOf(), metrics: new WebhookMetrics(registry) });
  const body = review(anObject({ minReplicaCount: 5, maxReplicaCount: 3 }));
  expect(await handler({ path: scaledObjects, body })).toEqual({
    status: 200,
    body: {
      kind: "AdmissionReview",
      apiVersion: "admission.k8s.io/v1",
      response: {
        uid: "u1",
        allowed: false,
        status: {
          metadata: {},
          status: "Failure",
          message: "MinReplicaCount=5 must be less than MaxReplicaCount=3",
          reason: "Forbidden",
          code: 403,
        },
      },
    },
  });
  const text = await registry.metrics();
  expect(text).toContain('keda_webhook_scaled_object_validations_total{namespace="default",action="create"} 1');
  expect(text).toContain(
    'keda_webhook_scaled_object_validation_errors_total{namespace="default",action="create",reason="incorrect-replicas"} 1',
  );
});

test("a ScaledJob's problems are counted, too", async () => {
  const registry = new Registry();
  const handler = admissionHandler({ cache: cacheOf(), metrics: new WebhookMetrics(registry) });
  const spec = { jobTargetRef: { template: { spec: { containers: [{ name: "c", image: "i" }] } } }, triggers: [] };
  const scaledJob = { kind: "ScaledJob", metadata: { name: "sj" }, spec };
  const more = { operation: "UPDATE", namespace: "jobs" };
  const { body } = await handler({ path: scaledJobs, body: review(scaledJob, more) });
  expect(body).toMatchObject({
    response: { status: { message: "no triggers defined in the ScaledObject/ScaledJob" } },
  });
  const text = await registry.metrics();
  expect(text).toContain(
    'keda_webhook_scaled_object_validation_errors_total{namespace="jobs",action="update",reason="incorrect-triggers"} 1',
  );
  expect(text).not.toContain("keda_webhook_scaled_object_validations_total{");
});

test("warnings are given back, and recorded unless the run is dry or the object is refused", async () => {
  const recorded: string[] = [];
  const events = {
    record: (_: KubernetesObject, { reason }: EventInput) => void recorded.push(reason),
    flush: async () => {},
  };
  const handler = admissionHandler({ cache: cacheOf(), events });
  const object = anObject({ minReplicaCount: 1, cooldownPeriod: 9 });
  const { body } = await handler({ path: scaledObjects, body: review(object, { dryRun: true }) });
  expect(body).toMatchObject({
    response: { allowed: true, warnings: [expect.stringContaining("CooldownPeriod is configured")] },
  });
  expect(recorded).toEqual([]);
  await handler({ path: scaledObjects, body: review(anObject({ ...object.spec, maxReplicaCount: 0 })) });
  expect(recorded).toEqual([]);
  await handler({ path: scaledObjects, body: review(object) });
  expect(recorded).toEqual(["KEDAScalerInfo"]);
});

test("what is being finalized may go, whatever is wrong with it", async () => {
  const handler = admissionHandler({ cache: cacheOf() });
  const wrong = { triggers: [] };
  const old = anObject(wrong, { finalizers: ["finalizer.keda.sh"] });
  const allowed = async (path: string, object: object, oldObject: object) => {
    const { body } = await handler({ path, body: review(object, { operation: "UPDATE", oldObject }) });
    return (body as { response: { allowed: boolean } }).response.allowed;
  };
  expect(await allowed(scaledObjects, anObject(wrong), old)).toBe(true);
  expect(await allowed(scaledObjects, anObject({ ...wrong, pollingInterval: 3 }), old)).toBe(false);
  const twoLess = anObject(wrong, { finalizers: ["finalizer.keda.sh", "another"] });
  expect(await allowed(scaledObjects, old, twoLess)).toBe(true);
  expect(await allowed(scaledObjects, old, old)).toBe(false);
  // Of the other kinds only the last finalizer.
  expect(await allowed(scaledJobs, old, twoLess)).toBe(false);
  expect(await allowed(scaledJobs, anObject(wrong), old)).toBe(true);
  expect(await allowed(scaledJobs, anObject(wrong), anObject(wrong))).toBe(false);
});

test("a target of a kind that the API server does not have is refused", async () => {
  const handler = admissionHandler({ cache: cacheOf(), resourceOf: async () => undefined });
  const object = anObject({ scaleTargetRef: { apiVersion: "x.io/v1", kind: "Foo", name: "web" } });
  const { body } = await handler({ path: scaledObjects, body: review(object) });
  expect(body).toMatchObject({ response: { status: { message: 'no matches for kind "Foo" in version "x.io/v1"' } } });
});

test("cpu triggers look at the Deployment", async () => {
  const object = anObject({ triggers: [{ type: "cpu", metadata: {} }], minReplicaCount: 1 });
  const messageWith = async (cache: Cache) => {
    const { body } = await admissionHandler({ cache })({ path: scaledObjects, body: review(object) });
    return (body as { response: { status: { message?: string } } }).response.status.message;
  };
  expect(await messageWith(cacheOf())).toBe('Deployment.apps "web" not found');
  const deployment = { metadata: { name: "web" }, spec: { template: { spec: { containers: [{ name: "c" }] } } } };
  expect(await messageWith(cacheOf({ Deployment: [deployment] }))).toBe(
    "the scaledobject has a cpu trigger but the container c doesn't have the cpu request defined",
  );
});

test.each([
  [{ podIdentity: { provider: "azure-workload", identityId: "" } }, /^identityId of PodIdentity should not be empty/],
  [{ podIdentity: { provider: "azure-workload", identityId: "i" } }, undefined],
  [
    { podIdentity: { provider: "azure-workload", identityTenantId: "" } },
    /^identityTenantId of PodIdentity should not/,
  ],
  [
    { podIdentity: { provider: "azure-workload", identityAuthorityHost: "h" } },
    /^identityTenantID of PodIdentity should not be nil or empty when/,
  ],
  [{ podIdentity: { provider: "azure-workload", identityAuthorityHost: "h", identityTenantId: "t" } }, undefined],
  [
    { podIdentity: { provider: "aws", roleArn: "r", identityOwner: "workload" } },
    /^roleArn of PodIdentity can't be set if KEDA isn't identityOwner$/,
  ],
  [{ podIdentity: { provider: "aws", roleArn: "r", identityOwner: "keda" } }, undefined],
  [{ podIdentity: { provider: "aws", externalID: "e" } }, /^externalID of PodIdentity requires roleArn to be set$/],
  [{ podIdentity: { provider: "aws", externalID: "e", roleArn: "" } }, /^externalID of PodIdentity requires roleArn/],
  [{ podIdentity: { provider: "aws", externalID: "e", roleArn: "r" } }, undefined],
  [{ podIdentity: { provider: "aws", identityOwner: "workload" } }, undefined],
  [{ podIdentity: { provider: "aws", identityOwner: "keda" } }, undefined],
  [{ podIdentity: { provider: "aws", roleArn: "r" } }, undefined],
  [{ podIdentity: { provider: "azure-workload", identityId: "i", identityTenantId: "t" } }, undefined],
  [
    { podIdentity: { provider: "azure-workload", identityAuthorityHost: "h", identityTenantId: "" } },
    /^identityTenantID of PodIdentity should not be nil or empty when identityAuthorityHost/,
  ],
  [{ filePath: "/mnt/auth/creds.json" }, undefined],
  [{ podIdentity: { provider: "gcp" } }, undefined],
  [{ oauth2: { type: "password" } }, /^oauth2.type must be 'clientCredentials', got 'password'$/],
  [{ oauth2: { type: "clientCredentials" } }, /^oauth2.clientId is required when oauth2 is configured$/],
  [{ oauth2: { type: "clientCredentials", clientId: "c" } }, /^oauth2.tokenUrl is required when/],
  [{ oauth2: { type: "clientCredentials", clientId: "c", tokenUrl: "ftp://x" } }, /^oauth2.tokenUrl must be a valid/],
  [{ oauth2: { type: "clientCredentials", clientId: "c", tokenUrl: "https://x/t" } }, undefined],
  [{ secretTargetRef: [] }, undefined],
])("a TriggerAuthentication with %o", async (spec, message) => {
  const handler = admissionHandler({ cache: cacheOf() });
  for (const path of [authentications, clusterAuthentications]) {
    const { body } = await handler({ path, body: review({ metadata: { name: "a" }, spec }) });
    const { response } = body as { response: { allowed: boolean; status: { message?: string } } };
    expect(response.allowed).toBe(message === undefined);
    if (message) expect(response.status.message).toMatch(message);
  }
});

test("what is no review is refused, and other paths are unknown", async () => {
  const handler = admissionHandler({ cache: cacheOf() });
  for (const body of [
    undefined,
    null,
    "x",
    {},
    { kind: "AdmissionReview" },
    { kind: "AdmissionReview", request: {} },
  ]) {
    expect((await handler({ path: scaledObjects, body })).status).toBe(400);
  }
  expect((await handler({ path: "/constructor", body: review({}) })).status).toBe(404);
});

test("the configuration has a webhook for every path", () => {
  const service = { namespace: "keda", name: "admission" };
  const { webhooks = [] } = webhookConfiguration({ service, caBundle: "pem" });
  expect(webhooks.map(({ clientConfig }) => clientConfig.service?.path)).toEqual(admissionPaths);
  expect(webhooks[0]?.clientConfig.caBundle).toBe("cGVt");
});

test.each([
  ...[
    ...["failed", "ready", "removed", "paused", "unpaused"].flatMap((what) => [
      `keda.scaledobject.${what}.v1`,
      `keda.scaledjob.${what}.v1`,
    ]),
    ...["started", "completed", "failed"].map((what) => `keda.scaledjob.rolloutcleanup.${what}.v1`),
  ].flatMap((type): [object, undefined][] => [
    [{ includedEventTypes: [type] }, undefined],
    [{ excludedEventTypes: [type] }, undefined],
  ]),
  [
    { includedEventTypes: ["keda.scaledobject.ready.v1.test"] },
    "includedEventType: keda.scaledobject.ready.v1.test in cloudeventsource/clustercloudeventsource spec is not supported",
  ],
  [
    { includedEventTypes: ["keda.scaledobject.ready.v1"], excludedEventTypes: ["keda.scaledobject.ready.v1"] },
    "setting included types and excluded types at the same time is not supported",
  ],
  [{ excludedEventTypes: ["keda.authentication.triggerauthentication.created.v1"] }, undefined],
  [
    { includedEventTypes: ["keda.scaledobject.ready.v1"], excludedEventTypes: ["keda.scaledobject.failed.v1"] },
    "setting included types and excluded types at the same time is not supported",
  ],
  [
    { includedEventTypes: ["keda.scaledobject.ready.v1", "keda.scaledobject.gone.v1"] },
    "includedEventType: keda.scaledobject.gone.v1 in cloudeventsource/clustercloudeventsource spec is not supported",
  ],
  [
    { excludedEventTypes: ["ready"] },
    "excludedEventType: ready in cloudeventsource/clustercloudeventsource spec is not supported",
  ],
])("of a CloudEventSource the subscription %j is answered: %s", async (eventSubscription, message) => {
  const handler = admissionHandler({ cache: cacheOf() });
  const spec = { destination: { http: { uri: "http://x" } }, eventSubscription };
  const source = { kind: "CloudEventSource", metadata: { name: "x", namespace: "default" }, spec };
  const { body } = await handler({ path: cloudEventSources, body: review(source) });
  expect((body as { response: { status: { message?: string } } }).response.status.message).toBe(message);
});
