import { crdOf, customResources, Node, Pod } from "@bellows/api";
import {
  type Client,
  type Clock,
  createCache,
  type InformerCache,
  isNotFound,
  type Logger,
  type Random,
  silentLogger,
} from "@bellows/kube";
import {
  AutoScalingGroup,
  type Ec2Timing,
  ec2CustomResourceDefinitions,
  Instance,
  SimulatedCloud,
} from "../ec2/index.ts";
import {
  KubeletFleet,
  type KubeletServerOptions,
  KubeletStreams,
  type KubeletTiming,
  MemoryWatch,
  serveKubelets,
} from "../kubelet/index.ts";
import { MetricsServer } from "../metrics-server/index.ts";
import { LoadProfileStatus, UsageSource } from "../usage/index.ts";
import { ensureAll } from "./ensure.ts";
import { type NodeGroup, nodeGroupObject } from "./node-group.ts";

export interface NodesOptions {
  /** An administrator of the API server, which may be a real one. */
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly region: string;
  readonly clusterName: string;
  readonly nodeGroups: readonly NodeGroup[];
  readonly log?: Logger;
  readonly ec2Timing?: Partial<Ec2Timing>;
  readonly kubeletTiming?: Partial<KubeletTiming>;
  /** Serves the kubelets' API, for logs and remote commands: where, and with which certificate. */
  readonly kubeletApi?: Pick<KubeletServerOptions, "host" | "tls"> & { readonly hostname: string };
}

export interface RunningNodes {
  readonly cloud: SimulatedCloud;
  /** The watches of these parts, for controllers that run beside them. */
  readonly cache: InformerCache;
  /** Answers for the resource metrics API of the pods and nodes. */
  readonly metricsServer: MetricsServer;
  /** The kubelets fall silent; what they wrote stays. */
  stop(): void;
  /** Stops, and takes away the groups, the instances and the nodes: nothing is left for those who come next. */
  remove(): Promise<void>;
}

/**
 * Nodes without machines for any API server: kubelets and simulated EC2 as clients of it. They install the CRDs of
 * Bellows and of EC2, and leave scheduling and workloads to whoever does them there.
 */
export async function startNodes(options: NodesOptions): Promise<RunningNodes> {
  const { client, clock, random, region, clusterName, nodeGroups, log = silentLogger } = options;
  const cache = createCache({ client, clock, random, log });
  const usage = new UsageSource(cache, clock);
  const metricsServer = new MetricsServer({ usage, cache, clock });
  const { kubeletTiming, ec2Timing } = options;
  const find = (namespace: string, name: string) => cache.get(Pod, { namespace, name });
  const end = (pod: Pod, container: string, exitCode: number) =>
    fleet.podRun(pod)?.endedByTerminal(container, exitCode);
  const streams = new KubeletStreams({ clock, usage, find, end });
  const { kubeletApi } = options;
  const kubelets = kubeletApi && (await serveKubelets({ ...kubeletApi, port: 0, clock, log, streams, find }));
  const fleet = new KubeletFleet({
    client,
    cache,
    clock,
    log,
    ...(kubeletTiming && { timing: kubeletTiming }),
    ...(kubelets && { endpoint: { hostname: kubeletApi.hostname, port: kubelets.port } }),
  });
  const loadProfiles = new LoadProfileStatus({ client, cache, clock, log, usage });
  const memoryWatch = new MemoryWatch(fleet, usage, clock);
  const cloud = new SimulatedCloud({
    client,
    cache,
    clock,
    random,
    region,
    clusterName,
    fleet,
    log,
    ...(ec2Timing && { timing: ec2Timing }),
  });
  await ensureAll(client, [
    ...customResources.map((resource) => crdOf(resource.versions, resource.options)),
    ...ec2CustomResourceDefinitions(),
  ]);
  await cache.start();
  metricsServer.start();
  memoryWatch.start();
  loadProfiles.start();
  await ensureAll(
    client,
    nodeGroups.map((group) => nodeGroupObject(group, clusterName)),
  );
  const stop = () => {
    metricsServer.stop();
    memoryWatch.stop();
    loadProfiles.stop();
    cloud.stop();
    fleet.stop();
    void kubelets?.close();
    cache.stop();
  };
  return {
    cloud,
    cache,
    metricsServer,
    stop,
    async remove() {
      stop();
      for (const { metadata } of (await client.list(AutoScalingGroup)).items)
        await taken(AutoScalingGroup, metadata.name);
      for (const { metadata, spec } of (await client.list(Instance)).items) {
        await taken(Node, spec.privateDnsName);
        await taken(Instance, metadata.name);
      }
    },
  };

  /** Deletes one, whatever finalizers it has: those who would take them off have been stopped. */
  async function taken(kind: Parameters<typeof client.delete>[0], name: string): Promise<void> {
    try {
      await client.patch(kind, { name }, { type: "merge", body: { metadata: { finalizers: null } } });
      await client.delete(kind, { name });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
