import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import {
  APIService,
  CloudEventSource,
  Event as CoreEvent,
  Deployment,
  HorizontalPodAutoscaler,
  isConditionTrue,
  Namespace,
  ScaledObject,
} from "@bellows/api";
import { systemClock, systemRandom } from "@bellows/kube";
import { startNodes } from "@bellows/sandbox";
import { quickMachines } from "../control-plane/quick-machines.ts";
import { installChart } from "../controllers/installed-chart.ts";
import type { Suite, SuiteContext } from "../suite.ts";
import { nodesReady, waitFor } from "./waiting.ts";

const namespace = "keda";
const manifests = resolve(import.meta.dirname, "../../../examples/keda-cron/manifests");
const name = "php-apache-cron-scaled";
const metricName = "s0-cron-Asia-Seoul-00,15,30,45xxxx-05,20,35,50xxxx";
const minuteMs = 60_000;

/** The schedule of the example, which is due every quarter of an hour, moved to a window of one minute from `start`. */
const windowFrom = (start: number) => ({
  type: "cron",
  metadata: {
    timezone: "Asia/Seoul",
    start: `${new Date(start).getUTCMinutes()} * * * *`,
    end: `${new Date(start + minuteMs).getUTCMinutes()} * * * *`,
    desiredReplicas: "2",
  },
});

/** A window that is open now, and for some minutes more. */
const openWindow = (desiredReplicas: string) => {
  const minuteOf = (at: number) => new Date(at).getUTCMinutes();
  const now = systemClock.now();
  return {
    type: "cron",
    metadata: {
      timezone: "Asia/Seoul",
      start: `${minuteOf(now - 2 * minuteMs)} * * * *`,
      end: `${minuteOf(now + 20 * minuteMs)} * * * *`,
      desiredReplicas,
    },
  };
};

async function replicas({ controlPlane: { client } }: SuiteContext): Promise<number | undefined> {
  return (await client.get(Deployment, { namespace, name: "php-apache" })).spec?.replicas;
}

/** The event scaler and the HPA controller as the chart runs them, on the real API server with its aggregation layer. */
export const eventScaler: Suite = {
  name: "event-scaler",
  beside: true,
  async start(context) {
    const { client } = context.controlPlane;
    const chart = await installChart({ "event-scaler": {}, hpa: {} }, "bellows-system", context);
    const parts = { client, clock: systemClock, random: systemRandom, region: "us-east-1", clusterName: "bellows" };
    const group = { name: "ng1", instanceType: "t3.medium", minSize: 3, maxSize: 5, desiredCapacity: 3 };
    const nodes = await startNodes({ ...parts, ...quickMachines, nodeGroups: [group] });
    await nodesReady(3, context);
    await chart.start();
    return async () => {
      // While the controller is there: its finalizers are.
      await client.delete(Namespace, { name: namespace });
      const isGone = async () => (await client.find(Namespace, { name: namespace })) === undefined || "it is there";
      await waitFor(`namespace ${namespace} to go`, isGone, context);
      await chart.remove();
      await nodes.remove();
    };
  },
  cases: [
    {
      name: "the external metrics API is available through the aggregation layer",
      run: (context) =>
        waitFor(
          "APIService v1beta1.external.metrics.k8s.io",
          async () => {
            const found = await context.controlPlane.client.get(APIService, {
              name: "v1beta1.external.metrics.k8s.io",
            });
            return isConditionTrue(found.status?.conditions, "Available") || JSON.stringify(found.status);
          },
          context,
        ),
    },
    {
      name: "examples/keda-cron: ready, its HPA made, no replica outside of a window",
      async run(context) {
        const { client, kubeconfig } = context.controlPlane;
        await client.create(Namespace, { metadata: { name: namespace } });
        for (const file of ["php-apache.yaml", "keda-cron.yaml"]) {
          const args = ["--kubeconfig", kubeconfig, "apply", "-n", namespace, "-f", resolve(manifests, file)];
          execFileSync(context.kubectl, args, { stdio: "pipe" });
        }
        await waitFor(
          "the ScaledObject",
          async () => {
            const { status } = await client.get(ScaledObject, { namespace, name });
            const hpa = await client.find(HorizontalPodAutoscaler, { namespace, name: `keda-hpa-${name}` });
            const metric = hpa?.spec?.metrics?.[0]?.external?.metric.name;
            return (
              (isConditionTrue(status?.conditions, "Ready") && metric === metricName) ||
              `conditions ${JSON.stringify(status?.conditions)}, metric of the HPA ${metric}`
            );
          },
          context,
        );
      },
    },
    {
      name: "kubectl get --raw lists the metric, and gives its value",
      async run({ controlPlane: { client } }) {
        const list = JSON.stringify(await client.raw("/apis/external.metrics.k8s.io/v1beta1"));
        if (!list.includes(metricName)) throw new Error(`the list is ${list}`);
        const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${encodeURIComponent(metricName)}`;
        const value = await client.raw(path, { labelSelector: `scaledobject.keda.sh/name=${name}` });
        const { items } = value as { items: readonly { metricName: string; value: string }[] };
        if (items[0]?.metricName !== metricName || !/^[01]$/.test(items[0].value)) {
          throw new Error(`the value is ${JSON.stringify(value)}`);
        }
      },
    },
    {
      name: "an edge of the schedule: 0 -> 1 -> 2 replicas within 5 s and 20 s of it, and 0 after the cooldown",
      async run(context) {
        const { client } = context.controlPlane;
        const start = Math.ceil((systemClock.now() + 15_000) / minuteMs) * minuteMs;
        const spec = { triggers: [windowFrom(start)], cooldownPeriod: 5, pollingInterval: 5 };
        await client.patch(ScaledObject, { namespace, name }, { type: "merge", body: { spec } });
        await waitFor(
          "no replicas",
          async () => (await replicas(context)) === 0 || `${await replicas(context)}`,
          context,
        );
        const until = (count: number, limitMs: number) =>
          waitFor(
            `${count} replicas`,
            async () => {
              const found = (await replicas(context)) ?? 0;
              return (count === 0 ? found === 0 : found >= count) || `${found} replicas`;
            },
            context,
            limitMs,
          );
        await until(1, start - systemClock.now() + 5000);
        if (systemClock.now() < start) throw new Error(`${start - systemClock.now()} ms before the window opens`);
        context.print(`        first replica ${systemClock.now() - start} ms after the window opened`);
        await until(2, 20_000);
        await until(0, start + minuteMs + 40_000 - systemClock.now());
        const early = start + minuteMs - systemClock.now();
        if (early > 0) throw new Error(`no replicas ${early} ms before the window closes`);
      },
    },
    {
      name: "the direct engine takes the HPA's place, scales at once, and gives the HPA back",
      async run(context) {
        const { client } = context.controlPlane;
        const hpaCount = async () => (await client.list(HorizontalPodAutoscaler, { namespace })).items.length;
        const scaledTo = (count: number, limitMs: number) =>
          waitFor(
            `${count} replicas`,
            async () => (await replicas(context)) === count || `${await replicas(context)}`,
            context,
            limitMs,
          );
        const change = (engine: string | null, desiredReplicas: string) => {
          const metadata = { annotations: { "event-scaler.bellows.dev/engine": engine } };
          const spec = { triggers: [openWindow(desiredReplicas)], maxReplicaCount: 5, pollingInterval: 5 };
          return client.patch(ScaledObject, { namespace, name }, { type: "merge", body: { metadata, spec } });
        };
        await change("direct", "2");
        await waitFor("no HPA", async () => (await hpaCount()) === 0 || `${await hpaCount()} HPAs`, context);
        await scaledTo(2, 20_000);
        await change("direct", "4");
        await scaledTo(4, 10_000);
        const { status } = await client.get(ScaledObject, { namespace, name });
        const condition = status?.conditions?.find(({ type }) => type === "HPAActive");
        if (condition?.reason !== "DirectEngine") throw new Error(`the condition is ${JSON.stringify(condition)}`);
        await change(null, "4");
        await waitFor("an HPA", async () => (await hpaCount()) === 1 || "none", context);
        await scaledTo(4, 1_000);
      },
    },
    {
      name: "what happens is sent to a CloudEventSource",
      async run(context) {
        const { client } = context.controlPlane;
        const types: (string | undefined)[] = [];
        const server = createServer((request, response) => {
          types.push(request.headers["ce-type"] as string | undefined);
          response.writeHead(204).end();
        });
        await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
        try {
          const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
          const source = { metadata: { namespace, name: "sink" }, spec: { destination: { http: { uri } } } };
          await client.create(CloudEventSource, source);
          const active = async () =>
            (await client.get(CloudEventSource, { namespace, name: "sink" })).status?.conditions?.[0];
          await waitFor(
            "the source",
            async () => (await active())?.status === "True" || `${(await active())?.message}`,
            context,
          );
          const pause = (paused: string | null) => {
            const body = { metadata: { annotations: { "autoscaling.keda.sh/paused": paused } } };
            return client.patch(ScaledObject, { namespace, name }, { type: "merge", body });
          };
          await pause("true");
          const wanted = "keda.scaledobject.paused.v1";
          await waitFor(wanted, async () => types.includes(wanted) || types.join(), context);
          await pause(null);
          await client.delete(CloudEventSource, { namespace, name: "sink" });
        } finally {
          server.close();
        }
      },
    },
    {
      name: "a warning of the webhook is an Event of it",
      async run(context) {
        const { client } = context.controlPlane;
        const scaledObject = {
          metadata: { namespace, name: "warned" },
          spec: {
            scaleTargetRef: { name: "nobody" },
            minReplicaCount: 1,
            cooldownPeriod: 9,
            triggers: [openWindow("1")],
          },
        } as ScaledObject;
        const { metadata } = await client.create(ScaledObject, scaledObject);
        await waitFor(
          "the Event",
          async () => {
            const { items } = await client.list(CoreEvent, { namespace });
            const told = items.find(({ involvedObject }) => involvedObject.uid === metadata.uid);
            const { type, reason, source, message } = told ?? {};
            const seen = `${type} ${reason} ${source?.component}: ${message}`;
            return /^Normal KEDAScalerInfo keda-admission: CooldownPeriod is configured but/.test(seen) || seen;
          },
          context,
        );
        await client.delete(ScaledObject, { namespace, name: "warned" });
      },
    },
    {
      name: "a second ScaledObject of the Deployment is refused by the webhook",
      async run({ controlPlane: { client } }) {
        const wrong = {
          metadata: { namespace, name: "wrong" },
          spec: {
            scaleTargetRef: { name: "php-apache" },
            triggers: [{ type: "cpu", metricType: "Utilization", metadata: { value: "50" } }],
          },
        } as ScaledObject;
        const answer = await client.create(ScaledObject, wrong).then(
          () => "accepted",
          (error: unknown) => (error as Error).message,
        );
        if (!/^admission webhook "vscaledobject.kb.io" denied the request: .*php-apache/.test(answer))
          throw new Error(`the answer is ${answer}`);
      },
    },
  ],
};
