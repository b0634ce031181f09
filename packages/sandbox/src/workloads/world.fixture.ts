import { Lease, Namespace, Node, Pod, timestamp } from "@bellows/api";
import {
  type Client,
  type Controller,
  createClient,
  createManager,
  isNotFound,
  keyOf,
  type Logger,
  lookAgainAt,
  microTimestamp,
  seededRandom,
  self,
  silentLogger,
  VirtualClock,
} from "@bellows/kube";
import { Registry } from "prom-client";
import { ApiServer, inProcessTransport } from "../api-server/index.ts";
import { schedulerController } from "../scheduler/index.ts";
import { type WorkloadOptions, workloadControllers } from "./workload-controllers.ts";

/** A cluster in virtual time, with kubelets that only know how to start and stop pods. For tests. */
export interface World {
  readonly client: Client;
  readonly clock: VirtualClock;
  /** Lets `seconds` of the world pass. */
  run(seconds: number): Promise<void>;
  apply(...objects: object[]): Promise<void>;
  pods(namespace?: string): Promise<readonly Pod[]>;
  eventsOf(name: string): Promise<string[]>;
  stop(): Promise<void>;
}

export interface WorldOptions extends WorkloadOptions {
  readonly nodes?: readonly Node[];
  readonly startMs?: number;
  /** How a pod ends by itself: after how long, and how. Undefined runs on. */
  readonly outcome?: (pod: Pod) => { readonly afterMs: number; readonly exitCode: number } | undefined;
  /** Pods that never become ready. */
  readonly neverReady?: (pod: Pod) => boolean;
  readonly log?: Logger;
}

export const aNode = (name: string, cpu = "4", labels: Record<string, string> = {}): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: {
    name,
    labels: { "kubernetes.io/hostname": name, "topology.kubernetes.io/zone": "us-east-1a", ...labels },
  },
  status: {
    allocatable: { cpu, memory: "16Gi", pods: "110" },
    capacity: { cpu, memory: "16Gi", pods: "110" },
    conditions: [
      {
        type: "Ready",
        status: "True",
        reason: "KubeletReady",
        message: "kubelet is posting ready status",
        lastHeartbeatTime: "2026-01-01T00:00:00Z",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      },
    ],
  },
});

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const random = seededRandom(1);
  const log = options.log ?? silentLogger;
  const server = new ApiServer({ clock, random });
  const client = createClient(inProcessTransport(server));
  for (const name of ["default", "kube-system", "kube-node-lease"]) {
    await client.create(Namespace, { apiVersion: "v1", kind: "Namespace", metadata: { name } }).catch(() => undefined);
  }
  for (const node of options.nodes ?? [aNode("node-a"), aNode("node-b"), aNode("node-c")]) await addNode(client, node);
  const manager = createManager({ client, clock, random, log, metrics: new Registry() });
  manager.add(...workloadControllers(options), schedulerController(), kubelet(options));
  const starting = manager.start();
  await clock.run(100);
  const running = await starting;
  await clock.run(1_000);
  return {
    client,
    clock,
    run: (seconds) => clock.run(seconds * 1000),
    async apply(...objects) {
      for (const object of objects as {
        apiVersion: string;
        kind: string;
        metadata: { name: string; namespace?: string };
      }[]) {
        const resource = await client.resourceOf(object.apiVersion, object.kind);
        if (!resource) throw new Error(`no resource for ${object.kind}`);
        const kind = {
          ...resource,
          apiVersion: object.apiVersion,
          scope: resource.namespaced ? "Namespaced" : "Cluster",
        };
        const metadata = resource.namespaced ? { namespace: "default", ...object.metadata } : object.metadata;
        await client.create(kind as never, { ...object, metadata } as never);
      }
    },
    pods: async (namespace = "default") => (await client.list(Pod, { namespace })).items,
    async eventsOf(name) {
      const { items } = (await client.raw("/api/v1/events")) as {
        items: { involvedObject: { name: string }; reason: string; message: string }[];
      };
      return items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ reason, message }) => `${reason}: ${message}`);
    },
    stop: async () => {
      const stopping = running.stop();
      await clock.run(10);
      await stopping;
    },
  };
}

export async function addNode(client: Client, node: Node): Promise<void> {
  await client.create(Node, node);
  const body = { status: node.status };
  await client.patch(Node, keyOf(node), { type: "strategic", body }, { subresource: "status" });
}

/** Starts pods after `startMs`, ends them by their outcome, and removes deleted ones after a second. */
function kubelet({ startMs = 2_000, outcome, neverReady }: WorldOptions): Controller {
  const boundAt = new Map<string, number>();
  let addresses = 0;
  return {
    name: "kubelet",
    watches: [self(Pod)],
    reads: [Node as never],
    start({ client, clock, signal, cache }) {
      const beat = async () => {
        if (signal.aborted) return;
        for (const node of cache.list(Node)) {
          const { name } = node.metadata;
          if (node.metadata.labels?.["test/silent"]) continue;
          const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTimestamp(clock.now()) };
          const lease = {
            apiVersion: "coordination.k8s.io/v1",
            kind: "Lease",
            metadata: { name, namespace: "kube-node-lease" },
            spec,
          };
          await client.apply(Lease, lease, { fieldManager: "kubelet", force: true }).catch(() => undefined);
        }
        clock.after(10_000, () => void beat());
      };
      void beat();
    },
    async reconcile(key, { cache, client, clock }) {
      const pod = cache.get(Pod, key);
      if (!pod?.spec?.nodeName || cache.get(Node, { name: pod.spec.nodeName })?.metadata.labels?.["test/silent"])
        return undefined;
      const uid = pod.metadata.uid ?? "";
      const now = clock.now();
      const since = boundAt.get(uid) ?? now;
      boundAt.set(uid, since);
      const write = (status: object) =>
        client.update(Pod, { ...pod, status: { ...pod.status, ...status } } as Pod, { subresource: "status" });
      if (pod.metadata.deletionTimestamp) {
        const goneAt =
          Date.parse(pod.metadata.deletionTimestamp) - (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000 + 1_000;
        if (now < goneAt) return lookAgainAt(goneAt);
        await client.delete(Pod, key, { gracePeriodSeconds: 0 }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
        return undefined;
      }
      if (now < since + startMs) return lookAgainAt(since + startMs);
      const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== "Ready");
      const readiness = (status: string) => [...others, { type: "Ready", status, lastTransitionTime: timestamp(now) }];
      if (pod.status?.phase === "Pending") {
        addresses++;
        const address = `10.0.${Math.floor(addresses / 250)}.${(addresses % 250) + 1}`;
        const ready = neverReady?.(pod) ? "False" : "True";
        await write({
          phase: "Running",
          startTime: timestamp(now),
          podIP: address,
          podIPs: [{ ip: address }],
          conditions: readiness(ready),
        });
        return lookAgainAt(now);
      }
      const end = outcome?.(pod);
      if (pod.status?.phase !== "Running" || !end) return undefined;
      const endsAt = since + startMs + end.afterMs;
      if (now < endsAt) return lookAgainAt(endsAt);
      const terminated = { exitCode: end.exitCode, finishedAt: timestamp(now), startedAt: timestamp(since) };
      const containerStatuses = pod.spec.containers.map(({ name, image = "" }) => ({
        name,
        image,
        imageID: "",
        ready: false,
        restartCount: 0,
        state: { terminated },
      }));
      await write({
        phase: end.exitCode === 0 ? "Succeeded" : "Failed",
        containerStatuses,
        conditions: readiness("False"),
      });
      return undefined;
    },
  };
}

export const podTemplate = (app: string, image = "nginx:1.27", cpu = "100m") => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: "main", image, resources: { requests: { cpu } } }] },
});

export const aDeployment = (name: string, replicas: number, extra: object = {}) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: podTemplate(name), ...extra },
});
