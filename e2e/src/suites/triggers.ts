import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  Deployment,
  Job,
  type Kind,
  Namespace,
  ScaledJob,
  ScaledObject,
  Secret,
  TriggerAuthentication,
} from "@bellows/api";
import { isNotFound } from "@bellows/kube";
import { helmTool } from "../control-plane/helm-tool.ts";
import { publishPort } from "../control-plane/host-service.ts";
import { freePorts } from "../control-plane/process.ts";
import type { RunningController } from "../controllers/controller.ts";
import { startFromChart } from "../controllers/start-from-chart.ts";
import type { Case, Suite, SuiteContext } from "../suite.ts";
import { triggerSources } from "../trigger-servers/index.ts";
import { redisPolled } from "../trigger-servers/redis.ts";
import type { RunningSource, TriggerSource } from "../trigger-servers/trigger-source.ts";
import { stays, waitFor } from "./waiting.ts";

const chart = resolve(import.meta.dirname, "../../../deploy/helm/bellows");
const release = "bellows-triggers";
const namespace = "bellows-system";
/** So many servers run at the same time. */
const lanes = 3;
const labels = { app: "worker" };

let started: readonly RunningController[] = [];

/** The event scaler and the HPA controller as processes, with the rights and flags that the chart gives them. */
async function start(context: SuiteContext): Promise<() => Promise<void>> {
  const { kubeconfig } = context.controlPlane;
  const [port = 0] = await freePorts(1);
  const helm = helmTool(context.print);
  const values = `hpa.enabled=true,eventScaler.enabled=true,eventScaler.config.securePort=${port}`;
  const helmed = (...args: readonly string[]) => {
    const all = ["--kubeconfig", kubeconfig, "-n", namespace, ...args];
    const { status, stdout, stderr } = spawnSync(helm, all, { encoding: "utf8" });
    if (status !== 0) throw new Error(`helm ${args.join(" ")}: ${stdout}${stderr}`);
  };
  helmed("install", release, chart, "--create-namespace", "--set", values);
  const unpublish = await publishPort(context.controlPlane, { namespace, name: "bellows-event-scaler", port });
  started = [
    await startFromChart("event-scaler", namespace, context, ["--bind-address=0.0.0.0"]),
    await startFromChart("hpa", namespace, context),
  ];
  for (const controller of started) {
    await waitFor("a controller is ready", async () => (await controller.notReady()) ?? true, context);
  }
  return async () => {
    for (const controller of started) await controller.stop();
    await unpublish();
    // No kubelet would run the hook.
    helmed("uninstall", release, "--no-hooks");
  };
}

/** Where a source pushes, so seldom is it polled that no replica can come of it. */
const seldomS = 3600;

const template = {
  metadata: { labels },
  spec: { containers: [{ name: "worker", image: "registry.k8s.io/pause:3.10" }] },
};

/** Makes a namespace with the credentials of a source's trigger. @returns the trigger, which refers to them */
async function declaredTrigger(
  name: string,
  { credentials, trigger }: RunningSource,
  { controlPlane: { client } }: SuiteContext,
) {
  await client.create(Namespace, { metadata: { name } });
  if (!credentials) return trigger;
  const metadata = { namespace: name, name: "worker" };
  const data = Object.entries(credentials).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  await client.create(Secret, { metadata, data: Object.fromEntries(data) });
  const secretTargetRef = Object.keys(credentials).map((key) => ({ parameter: key, name: "worker", key }));
  await client.create(TriggerAuthentication, { metadata, spec: { secretTargetRef } });
  return { ...trigger, authenticationRef: { name: "worker" } };
}

/** A ScaledObject whose one trigger reads the source; polled each second, since the case waits for it. */
async function createScaledObject(name: string, source: RunningSource, pollingInterval: number, context: SuiteContext) {
  const { client } = context.controlPlane;
  const trigger = await declaredTrigger(name, source, context);
  const metadata = { namespace: name, name: "worker" };
  await client.create(Deployment, { metadata, spec: { replicas: 0, selector: { matchLabels: labels }, template } });
  const spec = { scaleTargetRef: { name: "worker" }, maxReplicaCount: 5, pollingInterval, cooldownPeriod: 3 };
  await client.create(ScaledObject, { metadata, spec: { ...spec, triggers: [trigger] } });
}

/** Until the Deployment has so many replicas; a failure tells what the ScaledObject and the controllers said. */
const replicasBecome = (count: number, name: string, context: SuiteContext): Promise<void> =>
  waitFor(`${count} replicas`, () => lookForReplicas(count, name, context), context, 60_000);

async function lookForReplicas(count: number, name: string, { controlPlane: { client } }: SuiteContext) {
  const key = { namespace: name, name: "worker" };
  const { spec } = await client.get(Deployment, key);
  if (spec?.replicas === count) return true;
  const { status } = await client.get(ScaledObject, key);
  const logs = started.map((controller) => controller.lastLines()).join("\n");
  return `${spec?.replicas} replicas, conditions ${JSON.stringify(status?.conditions)}\n${logs}`;
}

/** The steps: by the event scaler from 0, then by the HPA, which reads the metric of the external metrics API. */
const firstReplicas = 2;
const moreReplicas = 4;

/** As many replicas as pieces of work, none without, and as before where the source answers nothing. */
function followsItsWork(source: TriggerSource, index: number): Case {
  return {
    name: `${source.name}: 0 -> ${firstReplicas} -> ${moreReplicas} -> 0 replicas`,
    lane: `lane ${index % lanes}`,
    ...(source.missing && { missing: source.missing }),
    async run(context) {
      const name = source.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
      const folder = join(context.folder, name);
      mkdirSync(folder);
      const running = await source.start(folder, { client: context.controlPlane.client, namespace: name });
      const becomes = async (pieces: number) => {
        const began = performance.now();
        await running.setWork(pieces);
        await replicasBecome(pieces, name, context);
        return `${pieces} after ${(performance.now() - began).toFixed(0)} ms`;
      };
      try {
        await running.setWork(0);
        await createScaledObject(name, running, source.pushes ? seldomS : 1, context);
        await scaledObjectReady(name, context);
        await replicasBecome(0, name, context);
        const steps = [await becomes(firstReplicas), await becomes(moreReplicas)];
        if (!source.pushes) await staysThroughAnOutage(running, name, context);
        steps.push(await becomes(0));
        context.print(`        ${source.name}: ${steps.join(", ")}`);
      } finally {
        running.resume?.();
        await running.stop();
        await deleted(ScaledObject, name, context);
      }
    },
  };
}

/** A case that failed before it was made has said why. */
async function deleted(kind: Kind, namespace: string, { controlPlane: { client } }: SuiteContext): Promise<void> {
  try {
    await client.delete(kind, { namespace, name: "worker" });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Longer than the cooldown: what takes an outage for an empty queue would have no replicas by then. */
const outageMs = 6000;

/** A source that answers nothing is told of by an Event, and changes nothing. */
async function staysThroughAnOutage({ hang, resume }: RunningSource, name: string, context: SuiteContext) {
  if (!hang || !resume) return;
  await hang();
  await waitFor(
    "an Event tells of the outage",
    async () => kubectl(context, ["-n", name, "get", "events"]).includes("KEDAScalerFailed") || "none",
    context,
  );
  await stays(`${moreReplicas} replicas`, () => lookForReplicas(moreReplicas, name, context), context, outageMs);
  resume();
}

function kubectl({ kubectl: program, controlPlane }: SuiteContext, args: readonly string[]): string {
  const { stdout } = spawnSync(program, ["--kubeconfig", controlPlane.kubeconfig, ...args], { encoding: "utf8" });
  return stdout;
}

/** Time for more Jobs, if there were to be any. */
const somePollsMs = 3000;

/** A Job for each piece of work, and no more of them while these are not done. */
function makesJobs(source: TriggerSource): Case {
  return {
    name: `${source.name}: a ScaledJob makes a Job for each piece of work`,
    ...(source.missing && { missing: source.missing }),
    async run(context) {
      const { client } = context.controlPlane;
      const namespace = "scaled-job";
      const folder = join(context.folder, namespace);
      mkdirSync(folder);
      const running = await source.start(folder, { client, namespace });
      try {
        const trigger = await declaredTrigger(namespace, running, context);
        const jobTargetRef = { template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } };
        const spec = { jobTargetRef, maxReplicaCount: 10, pollingInterval: 1, triggers: [trigger] };
        await client.create(ScaledJob, { metadata: { namespace, name: "worker" }, spec } as ScaledJob);
        const jobs = async () => (await client.list(Job, { namespace })).items.length;
        const look = (count: number) => async () => {
          const seen = await jobs();
          return seen === count || `${seen}`;
        };
        for (const pieces of [firstReplicas, moreReplicas]) {
          await running.setWork(pieces);
          await waitFor(`${pieces} Jobs`, look(pieces), context);
        }
        await stays(`${moreReplicas} Jobs`, look(moreReplicas), context, somePollsMs);
      } finally {
        await running.stop();
        await deleted(ScaledJob, namespace, context);
      }
    },
  };
}

const scaledObjectReady = (name: string, context: SuiteContext): Promise<void> =>
  waitFor(
    "the ScaledObject is ready",
    async () => {
      const { status } = await context.controlPlane.client.get(ScaledObject, { namespace: name, name: "worker" });
      const ready = status?.conditions?.find(({ type }) => type === "Ready");
      return ready?.status === "True" || JSON.stringify(status?.conditions);
    },
    context,
  );

/** Every type of triggers against its real server: ScaledObjects follow the work that is put in and taken out. */
export const triggers: Suite = {
  name: "triggers",
  start,
  cases: [...triggerSources.map(followsItsWork), makesJobs(redisPolled)],
};
