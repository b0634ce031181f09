import {
  Deployment,
  Event,
  HorizontalPodAutoscaler,
  type KubernetesObject,
  ScaledObject,
  type ScaledObjectTrigger,
} from "@bellows/api";
import type { EventScalerOptions, OpenTrigger } from "@bellows/event-scaler";
import { type Client, createCache, createManager, seededRandom, silentLogger, VirtualClock } from "@bellows/kube";
import { openTrigger as openReal } from "@bellows/triggers";
import { Registry } from "prom-client";
import type { BellowsController } from "./bellows-controllers.ts";
import { ensureAll } from "./ensure.ts";
import { eventScalerOn, externalMetricsApiService } from "./event-scaler.ts";
import { createWorld } from "./world.ts";

type Trigger = Awaited<ReturnType<OpenTrigger>>;
export type Reading = Awaited<ReturnType<Trigger["read"]>>;
type PushHandler = Parameters<NonNullable<Trigger["listen"]>>[0];
export type Push = Parameters<PushHandler["push"]>[0];

const startAt = Date.parse("2026-01-05T00:00:00Z");

/** What a source answers: a value (active above 0), a whole reading, a failure, or nothing for long. */
export type Answer = number | Reading | Error | Promise<Reading>;

export interface FakeSources {
  /** Answers for a trigger by its name. */
  readonly read: (name: string, object: string) => Answer;
  /** Per replica; default 1. */
  readonly target?: string;
  readonly controllers?: readonly BellowsController[];
  readonly cloudEvents?: EventScalerOptions["cloudEvents"];
  /** Called before the scaler creates an object; what it throws is what becomes of the request. */
  readonly beforeCreate?: (kind: string) => void;
}

/** A cluster in virtual time with an event scaler whose triggers answer what the test says. */
export async function eventScalerWorld(sources: FakeSources) {
  const { read, target = "1", controllers = ["hpa"], cloudEvents, beforeCreate } = sources;
  const clock = new VirtualClock(startAt);
  const random = seededRandom(1);
  const world = createWorld({
    clock,
    random,
    region: "us-east-1",
    clusterName: "bellows",
    nodeGroups: [],
    controllers,
  });
  const handlers = new Map<string, PushHandler>();
  const reads: string[] = [];
  const openTrigger: OpenTrigger = ({ index, name, object, metricType = "AverageValue" }) => {
    const metricName = `s${index}-${name}`;
    const field = metricType === "Value" ? "value" : "averageValue";
    return {
      metricSpecs: () => [
        { type: "External", external: { metric: { name: metricName }, target: { type: metricType, [field]: target } } },
      ],
      async read() {
        reads.push(`${object.name}/${name}`);
        const answer = await read(name, object.name);
        if (answer instanceof Error) throw answer;
        if (typeof answer === "object") return answer;
        return { values: [{ metricName, value: answer }], active: answer > 0 };
      },
      listen: (handler, signal) => {
        handlers.set(`${object.name}/${name}`, handler);
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      },
      async close() {},
    };
  };
  const settled = <T>(promise: Promise<T>) => clock.settled(promise);
  await settled(world.start());
  const metrics = new Registry();
  const { client } = world;
  const ofScaler = beforeCreate ? interposed(client, beforeCreate) : client;
  const parts = { client: ofScaler, clock, random, log: silentLogger };
  const seams = { ...parts, metrics, cache: createCache(parts) };
  const scaler = eventScalerOn(world.server, {
    ...seams,
    ...(cloudEvents && { cloudEvents }),
    openTrigger: (config, context) =>
      config.type === "fake" ? openTrigger(config, context) : openReal(config, context),
  });
  await settled(ensureAll(client, [externalMetricsApiService]));
  await settled(
    createManager(seams)
      .add(...scaler.controllers)
      .start(),
  );
  const inDefault = (name: string) => ({ namespace: "default", name });
  const replicas = async (name = "web") => (await settled(client.get(Deployment, inDefault(name)))).spec?.replicas;
  return {
    clock,
    client,
    metrics,
    reads,
    settled,
    /** Tells the scaler something on behalf of a source. */
    push: (source: string, push: Push = { active: true }) => handlers.get(source)?.push(push),
    /** A Deployment, and a ScaledObject of it. */
    async scaled(
      spec: Partial<NonNullable<ScaledObject["spec"]>>,
      given: { name?: string; replicas?: number; annotations?: Record<string, string> } = {},
    ) {
      const { name = "web", replicas: count = 1, annotations } = given;
      const deployment: KubernetesObject = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: inDefault(name),
        spec: {
          replicas: count,
          selector: { matchLabels: { app: name } },
          template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "main", image: "nginx" }] } },
        },
      } as KubernetesObject;
      await settled(client.create(Deployment, deployment as Deployment));
      const triggers: ScaledObjectTrigger[] = [{ type: "fake", name: "queue", metadata: {} }];
      const metadata = { ...inDefault(name), ...(annotations && { annotations }) };
      await settled(client.create(ScaledObject, { metadata, spec: { scaleTargetRef: { name }, triggers, ...spec } }));
    },
    annotate: (annotations: Record<string, string | null>, name = "web") =>
      settled(client.patch(ScaledObject, inDefault(name), { type: "merge", body: { metadata: { annotations } } })),
    remove: (name = "web") => settled(client.delete(ScaledObject, inDefault(name))),
    replicas,
    /** Replicas each second from now on. */
    async replicasFor(seconds: number, name = "web") {
      const seen = new Set<number | undefined>();
      for (let second = 0; second < seconds; second++) {
        await clock.run(1_000);
        seen.add(await replicas(name));
      }
      return [...seen];
    },
    scaledObject: (name = "web") => settled(client.get(ScaledObject, inDefault(name))),
    async condition(type: string, name = "web") {
      const { status } = await settled(client.get(ScaledObject, inDefault(name)));
      const found = status?.conditions?.find((one) => one.type === type);
      return `${found?.status} ${found?.reason}`;
    },
    hpas: async () => (await settled(client.list(HorizontalPodAutoscaler, { namespace: "default" }))).items,
    events: async (kind = "ScaledObject") =>
      (await settled(client.list(Event, { namespace: "default" }))).items
        .filter(({ involvedObject }) => involvedObject.kind === kind)
        .map(({ type, reason, message }) => `${type} ${reason} ${message}`),
  };
}

/** A client that tells of each object that is created by it. */
const interposed = (client: Client, beforeCreate: (kind: string) => void): Client =>
  new Proxy(client, {
    get(target, name: keyof Client) {
      const member = target[name] as unknown;
      if (typeof member !== "function") return member;
      return (...args: [{ readonly kind: string }, ...unknown[]]) => {
        if (name === "create") beforeCreate(args[0].kind);
        return member.apply(target, args);
      };
    },
  });
