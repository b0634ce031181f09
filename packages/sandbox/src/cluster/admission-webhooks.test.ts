import { Deployment, Event, ScaledObject, TriggerAuthentication, ValidatingWebhookConfiguration } from "@bellows/api";
import { seededRandom, VirtualClock } from "@bellows/kube";
import { expect, test } from "vitest";
import { createWorld } from "./world.ts";

async function worldWithEventScaler() {
  const clock = new VirtualClock(Date.parse("2026-01-05T00:00:00Z"));
  const { start, client, metrics, stop } = createWorld({
    ...{ clock, random: seededRandom(1), region: "us-east-1", clusterName: "bellows", nodeGroups: [] },
    controllers: ["hpa", "event-scaler"],
  });
  const settled = <T>(promise: Promise<T>) => clock.settled(promise);
  await settled(start());
  const spec = {
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "main", image: "nginx" }] } },
  };
  await settled(client.create(Deployment, { metadata: { namespace: "default", name: "web" }, spec }));
  const triggers = [{ type: "kubernetes-workload", metadata: { podSelector: "app=queue", value: "1" } }];
  const scaled = (name: string, more: object = {}): ScaledObject => ({
    metadata: { namespace: "default", name },
    spec: { scaleTargetRef: { name: "web" }, triggers, ...more },
  });
  const create = (object: ScaledObject) => settled(client.create(ScaledObject, object));
  return { clock, client, metrics, settled, scaled, create, stop };
}

test("a second ScaledObject of a target is refused when it is applied, and counted", async () => {
  const { create, scaled, metrics, settled, stop } = await worldWithEventScaler();
  await create(scaled("first"));
  await expect(create(scaled("second"))).rejects.toThrow(
    "admission webhook \"vscaledobject.kb.io\" denied the request: the workload 'web' of type 'apps/v1.Deployment' is already managed by the ScaledObject 'first'",
  );
  expect(await metrics.metrics()).toMatch(
    /keda_webhook_scaled_object_validation_errors_total\{.*reason="other-scaled-object"/,
  );
  await settled(stop());
});

test("an authentication that names an empty identity is refused", async () => {
  const { client, settled, stop } = await worldWithEventScaler();
  const podIdentity = { provider: "azure-workload", identityId: "" };
  const object = { metadata: { namespace: "default", name: "azure" }, spec: { podIdentity } } as TriggerAuthentication;
  await expect(settled(client.create(TriggerAuthentication, object))).rejects.toThrow(
    'admission webhook "vstriggerauthentication.kb.io" denied the request: identityId of PodIdentity should not be empty',
  );
  await settled(stop());
});

test("what is let through with a warning has it as an Event too", async () => {
  const { clock, client, create, scaled, settled, stop } = await worldWithEventScaler();
  await create(scaled("web", { minReplicaCount: 1, cooldownPeriod: 60 }));
  await clock.run(1_000);
  const { items } = await settled(client.list(Event, { namespace: "default" }));
  const told = items.filter(({ source }) => source?.component === "keda-admission");
  expect(told.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
    "KEDAScalerInfo: CooldownPeriod is configured but is not relevant. CooldownPeriod is only relevant when minReplicaCount = 0 or idleReplicaCount is set",
  ]);
  await settled(stop());
});

test("without their configuration nothing is refused", async () => {
  const { client, create, scaled, settled, stop } = await worldWithEventScaler();
  await settled(client.delete(ValidatingWebhookConfiguration, { name: "keda-admission" }));
  await create(scaled("first"));
  await create(scaled("second"));
  await settled(stop());
});
