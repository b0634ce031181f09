import { APIService, Deployment, Pod, ValidatingWebhookConfiguration } from "@bellows/api";
import { registerApiService, webhookConfiguration } from "@bellows/event-scaler";
import { type Client, type Clock, seededRandom, VirtualClock } from "@bellows/kube";
import { createWorld } from "@bellows/sandbox";
import { expect, test } from "vitest";
import { stop, takeBack } from "./unregister.ts";

const service = { namespace: "default", name: "bellows-event-scaler" };
const apiService = { name: "v1beta1.external.metrics.k8s.io" };

/** A cluster whose calls are settled by its own clock. */
async function cluster(): Promise<<T>(work: (client: Client, clock: Clock) => Promise<T>) => Promise<T>> {
  const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
  const random = seededRandom(1);
  const options = { region: "us-east-1", clusterName: "bellows", nodeGroups: [], controllers: [] };
  const world = createWorld({ clock, random, ...options });
  const settled = <T>(promise: Promise<T>) => clock.settled(promise);
  await settled(world.start());
  return (work) => settled(work(world.client, clock));
}

const register = async (client: Client) => {
  await registerApiService(client, { service, caBundle: "pem" });
  await client.create(ValidatingWebhookConfiguration, webhookConfiguration({ service, caBundle: "pem" }));
};

test("the API goes back to the adapter that had it, and the webhooks go", async () => {
  const run = await cluster();
  const adapter = { namespace: "monitoring", name: "prometheus-adapter" };
  const spec = {
    group: "external.metrics.k8s.io",
    version: "v1beta1",
    service: { ...adapter, port: 443 },
    insecureSkipTLSVerify: true,
    groupPriorityMinimum: 100,
    versionPriority: 100,
  };
  await run((client) => client.create(APIService, { metadata: apiService, spec }));
  await run(register);
  expect(await run((client) => takeBack(client, service))).toEqual([
    "apiservice v1beta1.external.metrics.k8s.io: given back to monitoring/prometheus-adapter",
    "validatingwebhookconfiguration keda-admission: deleted",
  ]);
  const found = await run((client) => client.get(APIService, apiService));
  expect(found.spec?.service).toMatchObject(adapter);
  expect(await run((client) => takeBack(client, service))).toEqual([
    "nothing is registered for the Service default/bellows-event-scaler",
  ]);
});

test("where nobody had it before, the registration goes", async () => {
  const run = await cluster();
  await run(register);
  expect(await run((client) => takeBack(client, service))).toContain(
    "apiservice v1beta1.external.metrics.k8s.io: deleted",
  );
  expect(await run((client) => client.find(APIService, apiService))).toBeUndefined();
});

const labels = { app: "x" };
const template = { metadata: { labels }, spec: { containers: [{ name: "x", image: "x" }] } };
const running = { metadata: service, spec: { replicas: 1, selector: { matchLabels: labels }, template } };

test("one that runs would register again, and is named", async () => {
  const run = await cluster();
  await run(register);
  await run((client) => client.create(Deployment, running));
  await expect(run((client) => takeBack(client, service))).rejects.toThrow(
    "deployment default/bellows-event-scaler has 1 replicas, expected 0",
  );
});

test("one that runs is stopped first, its pods too", async () => {
  const run = await cluster();
  await run(register);
  await run((client) => client.create(Deployment, running));
  const pod = {
    metadata: { namespace: "default", name: "x-1", labels, finalizers: ["test/held"] },
    spec: template.spec,
  };
  await run((client) => client.create(Pod, pod));
  const stopped = run((client, clock) => stop(client, service, clock));
  await run((client) => client.delete(Pod, pod.metadata));
  await run((client) => client.patch(Pod, pod.metadata, { type: "merge", body: { metadata: { finalizers: null } } }));
  expect(await stopped).toEqual(["deployment default/bellows-event-scaler: scaled from 1 to 0"]);
  expect(await run((client) => client.get(Deployment, service))).toMatchObject({ spec: { replicas: 0 } });
  expect(await run((client) => takeBack(client, service))).toHaveLength(2);
});

test("a pod that never ends does not hold the rest up", async () => {
  const run = await cluster();
  await run((client) => client.create(Deployment, running));
  const pod = { metadata: { namespace: "default", name: "x-1", labels }, spec: template.spec };
  await run((client) => client.create(Pod, pod));
  expect(await run((client, clock) => stop(client, service, clock))).toEqual([
    "deployment default/bellows-event-scaler: scaled to 0; x-1 did not end",
  ]);
});

test("without its Deployment there is nothing to stop", async () => {
  const run = await cluster();
  expect(await run((client, clock) => stop(client, service, clock))).toEqual([]);
});
