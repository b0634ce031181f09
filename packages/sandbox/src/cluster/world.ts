import {
  BellowsHorizontalPodAutoscaler,
  convertKarpenter,
  crdOf,
  customResources,
  isConditionTrue,
  type Kind,
  Node,
  Pod,
} from "@bellows/api";
import { instanceTypeOf, instanceTypesIn } from "@bellows/aws";
import { clusterProportionalAutoscalerController, configMapController } from "@bellows/cpa";
import { type HpaController, hpaController } from "@bellows/hpa";
import {
  type Client,
  type Clock,
  type Controller,
  createCache,
  createClient,
  createManager,
  type InformerCache,
  keyOf,
  type Logger,
  type Metrics,
  type Random,
  type RunningManager,
  silentLogger,
} from "@bellows/kube";
import { nodeProvisionerControllers } from "@bellows/node-provisioner";
import { type HttpExchange, openTrigger } from "@bellows/triggers";
import { Registry } from "prom-client";
import {
  ApiServer,
  type ApiServerOptions,
  adminUser,
  bootstrapCluster,
  inProcessTransport,
  keepKubernetesService,
  type UserInfo,
} from "../api-server/index.ts";
import { AutoScalingGroup, type Ec2Timing, ec2CustomResourceDefinitions, SimulatedCloud } from "../ec2/index.ts";
import { KubeletFleet, KubeletStreams, type KubeletTiming, MemoryWatch } from "../kubelet/index.ts";
import { MetricsServer, metricsApiHandler, metricsApiService, metricsService } from "../metrics-server/index.ts";
import { schedulerController } from "../scheduler/index.ts";
import { LoadProfileStatus, UsageSource } from "../usage/index.ts";
import { workloadControllers } from "../workloads/index.ts";
import type { BellowsController } from "./bellows-controllers.ts";
import { ComponentLogs } from "./component-logs.ts";
import { ensureAll } from "./ensure.ts";
import { admissionWebhooks, eventScalerOn, externalMetricsApiService } from "./event-scaler.ts";
import { type NodeGroup, nodeGroupObject } from "./node-group.ts";
import { podStreams } from "./pod-streams.ts";
import {
  systemDaemonSets,
  systemDeployments,
  systemNamespaces,
  systemServices,
  systemStorageClasses,
} from "./system-workloads.ts";

export interface WorldOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly region: string;
  readonly clusterName: string;
  readonly nodeGroups: readonly NodeGroup[];
  readonly controllers: readonly BellowsController[];
  /** What the world's own parts log; what the Bellows controllers log is kept in {@link World.logs}. */
  readonly log?: Logger;
  readonly server?: Pick<
    ApiServerOptions,
    "authenticate" | "tokenKey" | "saved" | "journal" | "network" | "historyCapacity"
  >;
  readonly rootCa?: string;
  readonly ec2Timing?: Partial<Ec2Timing>;
  readonly kubeletTiming?: Partial<KubeletTiming>;
  /** Answers the triggers that ask by HTTP; left out: real connections. */
  readonly http?: HttpExchange;
}

/** Karpenter's older versions are converted here, where its webhook would do it. */
const conversions = { "karpenter.sh": convertKarpenter, "karpenter.k8s.aws": convertKarpenter };

/** A cluster with simulated EC2 under it: an API server, and its clients beside it. */
export interface World {
  readonly clusterName: string;
  readonly server: ApiServer;
  /** As a cluster administrator. */
  readonly client: Client;
  readonly cloud: SimulatedCloud;
  readonly logs: ComponentLogs;
  readonly metrics: Metrics;
  /** Resolves when every part runs; nodes join later. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Whether every instance that is to run has joined, and no pod waits for anything. */
  isSettled(): boolean;
  /** Takes back the spot instance under a node, with its two minutes' notice. */
  interruptSpot(nodeName: string): Promise<void>;
  /** EC2 has none of an instance type (in a zone) for a while. */
  withholdCapacity(shortage: { readonly instanceType: string; readonly zone?: string; readonly ms: number }): void;
}

export function createWorld(options: WorldOptions): World {
  const { clock, random, region, clusterName, log = silentLogger } = options;
  checkNodeGroups(options);
  const server = new ApiServer({ clock, random, log, conversions, ...options.server });
  const clientAs = (user: UserInfo, userAgent: string) =>
    createClient(inProcessTransport(server, user), { clock, userAgent });
  const client = clientAs(adminUser, "kubectl");
  const logs = new ComponentLogs(clock);
  const metrics: Metrics = new Registry();

  const infrastructure = clientAs(adminUser, "sandbox");
  // One cache for all: in one process every kind is watched once.
  const cache = createCache({ client: infrastructure, clock, random, log });
  const usage = new UsageSource(cache, clock);
  const metricsServer = new MetricsServer({ usage, cache, clock });
  const timing = options.kubeletTiming;
  const fleet = new KubeletFleet({ client: infrastructure, cache, clock, log, ...(timing && { timing }) });
  server.serveApiService(metricsService, metricsApiHandler(metricsServer));
  const loadProfiles = new LoadProfileStatus({ client: infrastructure, cache, clock, log, usage });
  const memoryWatch = new MemoryWatch(fleet, usage, clock);
  const cloud = new SimulatedCloud({
    client: infrastructure,
    cache,
    clock,
    random,
    region,
    clusterName,
    fleet,
    log,
    ...(options.ec2Timing && { timing: options.ec2Timing }),
  });
  const find = (namespace: string, name: string) => cache.get(Pod, { namespace, name });
  const end = (pod: Pod, container: string, exitCode: number) =>
    fleet.podRun(pod)?.endedByTerminal(container, exitCode);
  server.servePodStreams(podStreams(clock, logs, new KubeletStreams({ clock, usage, find, end })));

  const managerOf = (
    user: UserInfo,
    component: string,
    componentLog: Logger,
    registry: Metrics,
    controllers: readonly Controller[],
  ) =>
    createManager({
      client: clientAs(user, component),
      clock,
      random,
      log: componentLog,
      metrics: registry,
      cache,
    }).add(...controllers);
  const hpa = hpaController();
  const world = (name: BellowsController): WorldParts => ({
    hpa,
    runs: options.controllers,
    ...(options.http && { openTrigger: openedWith(options.http) }),
    server,
    cloud,
    clusterName,
    clock,
    client: clientAs(controlPlane(`bellows-${name}`), `bellows-${name}`),
    cache,
    random,
    log: logs.logger(name),
    metrics,
  });
  const managers = [
    managerOf(
      controlPlane("kube-controller-manager"),
      "kube-controller-manager",
      log,
      new Registry(),
      workloadControllers(options),
    ),
    managerOf(controlPlane("kube-scheduler"), "kube-scheduler", log, new Registry(), [schedulerController()]),
    ...options.controllers.map((name) =>
      managerOf(
        controlPlane(`bellows-${name}`),
        `bellows-${name}`,
        logs.logger(name),
        metrics,
        controllersOf[name](world(name)),
      ),
    ),
  ];
  const running: RunningManager[] = [];
  let forgetService = (): void => undefined;

  return {
    clusterName,
    server,
    client,
    cloud,
    logs,
    metrics,
    async start() {
      await bootstrapCluster(server);
      forgetService = keepKubernetesService(server, clock);
      await install(client);
      await cache.start();
      metricsServer.start();
      memoryWatch.start();
      loadProfiles.start();
      for (const manager of managers) running.push(await manager.start());
      await ensureAll(client, [
        metricsApiService,
        ...(options.controllers.includes("event-scaler") ? [externalMetricsApiService, admissionWebhooks] : []),
        ...systemServices,
        ...systemDaemonSets,
        ...systemDeployments,
      ]);
      await ensureAll(
        client,
        options.nodeGroups.map((group) => nodeGroupObject(group, clusterName)),
      );
    },
    async stop() {
      await Promise.all(running.splice(0).map((manager) => manager.stop()));
      forgetService();
      metricsServer.stop();
      memoryWatch.stop();
      loadProfiles.stop();
      cloud.stop();
      fleet.stop();
      cache.stop();
    },
    isSettled: settledCheck(cache),
    async interruptSpot(nodeName) {
      const node = await client.get(Node, { name: nodeName });
      await cloud.interruptSpot(node.spec?.providerID?.split("/").at(-1) ?? "");
    },
    withholdCapacity: ({ instanceType, zone, ms }) => {
      const match = { instanceType, ...(zone !== undefined && { zone }) };
      cloud.pools.set({ ...match, remaining: 0 });
      clock.after(ms, () => cloud.pools.clear(match));
    },
  };
}

/** @throws RangeError naming the group whose instance type the region does not have */
function checkNodeGroups({ region, nodeGroups }: WorldOptions): void {
  for (const { name, instanceType } of nodeGroups) {
    if (instanceTypeOf(instanceType)?.zoneLetters[region]) continue;
    const types = instanceTypesIn(region).length;
    const expected =
      types === 0
        ? "a region of the catalogue, such as us-east-1"
        : `one of the ${types} types of ${region}, such as t3.medium`;
    throw new RangeError(`node group ${name}: ${instanceType} in ${region}, expected ${expected}`);
  }
}

const openedWith =
  (http: HttpExchange): typeof openTrigger =>
  (config, seams) =>
    openTrigger(config, { ...seams, http });

/** What of a world its controllers are made with. */
interface WorldParts {
  readonly hpa: HpaController;
  /** The Bellows controllers of this world. */
  readonly runs: readonly BellowsController[];
  readonly openTrigger?: typeof openTrigger;
  readonly server: ApiServer;
  readonly cloud: SimulatedCloud;
  readonly clusterName: string;
  readonly client: Client;
  readonly cache: InformerCache;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const controllersOf: Readonly<Record<BellowsController, (parts: WorldParts) => readonly Controller[]>> = {
  hpa: ({ hpa }) => [hpa, hpaController({ kind: BellowsHorizontalPodAutoscaler, scaleToZero: false })],
  cpa: () => [configMapController({ adoptDeployments: true }), clusterProportionalAutoscalerController()],
  "event-scaler": ({ server, hpa, runs, ...seams }) =>
    eventScalerOn(server, { ...seams, ...(runs.includes("hpa") && { wakeAutoscaler: hpa.wake }) }).controllers,
  "node-provisioner": ({ cloud, clusterName }) => nodeProvisionerControllers({ cloud, clusterName }),
};

/** The parts of the control plane may do everything; their names show in managed fields and Events. */
const controlPlane = (name: string): UserInfo => ({
  username: `system:${name}`,
  groups: ["system:masters", "system:authenticated"],
});

/** Kinds that are not Kubernetes' own: Bellows' and upstream's, and simulated EC2. */
async function install(client: Client): Promise<void> {
  const definitions = [
    ...customResources.map((resource) => crdOf(resource.versions, resource.options)),
    ...ec2CustomResourceDefinitions(),
  ];
  await ensureAll(client, definitions);
  await ensureAll(client, [...systemNamespaces, ...systemStorageClasses]);
}

/** Asked after every step of a long run: an object that was not ready the last time is looked at first. */
function settledCheck(cache: InformerCache): () => boolean {
  let waitsFor: (() => boolean) | undefined;
  const readyIn = (kind: Kind<Node> | Kind<Pod>, object: Node | Pod) => () => {
    const seen = cache.get(kind as Kind<Pod>, keyOf(object));
    return seen === undefined || isConditionTrue(seen.status?.conditions, "Ready");
  };
  return () => {
    if (waitsFor && !waitsFor()) return false;
    waitsFor = undefined;
    const wanted = cache.list(AutoScalingGroup).reduce((sum, { spec }) => sum + spec.desiredCapacity, 0);
    if (cache.informer(Node).size < wanted || cache.informer(Pod).size === 0) return false;
    for (const kind of [Node, Pod] as const) {
      for (const object of cache.list(kind as Kind<Node | Pod>)) {
        const isReady = readyIn(kind, object);
        if (isReady()) continue;
        waitsFor = isReady;
        return false;
      }
    }
    return true;
  };
}
