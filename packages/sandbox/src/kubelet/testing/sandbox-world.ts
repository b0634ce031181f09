import { CustomResourceDefinition, Node, Pod, type PodSpec, Service, ServiceAccount } from "@bellows/api";
import { type Amounts, allocatableOf, capacityOf, instanceTypeOf } from "@bellows/aws";
import {
  type Client,
  createCache,
  createClient,
  type InformerCache,
  seededRandom,
  silentLogger,
  timestamp,
  VirtualClock,
} from "@bellows/kube";
import { ApiServer, bootstrapCluster, inProcessTransport } from "../../api-server/index.ts";
import { ec2CustomResourceDefinitions } from "../../ec2/index.ts";
import { IpPool } from "../ip-pool.ts";
import { KubeletFleet, type KubeletFleetOptions } from "../kubelet-fleet.ts";
import type { Machine } from "../machine.ts";

export const startAt = Date.parse("2026-01-01T00:00:00Z");

/** An API server in virtual time with a client, a cache and kubelets; no scheduler: pods are bound as they are made. */
export class SandboxWorld {
  readonly clock = new VirtualClock(startAt);
  readonly server: ApiServer;
  readonly client: Client;
  readonly cache: InformerCache;
  readonly fleet: KubeletFleet;
  readonly podIps = new IpPool("192.168.0.0/19");

  constructor(options: Partial<KubeletFleetOptions> = {}) {
    const random = seededRandom(1);
    this.server = new ApiServer({ clock: this.clock, random });
    this.client = createClient(inProcessTransport(this.server));
    const { client, clock } = this;
    this.cache = createCache({ client, clock, random, log: silentLogger });
    for (const kind of [Pod, Node, Service] as const) this.cache.informer<never>(kind as never);
    this.fleet = new KubeletFleet({ client, cache: this.cache, clock, log: silentLogger, ...options });
  }

  async start(): Promise<this> {
    await bootstrapCluster(this.server);
    await this.client.create(ServiceAccount, { metadata: { name: "default", namespace: "default" } });
    for (const definition of ec2CustomResourceDefinitions()) {
      await this.client.create(CustomResourceDefinition, definition as never);
    }
    await this.cache.start();
    return this;
  }

  machine(nodeName = "node-1", amounts: Partial<{ capacity: Amounts; allocatable: Amounts }> = {}): Machine {
    const info = instanceTypeOf("m5.large");
    if (!info) throw new Error("m5.large: not in the catalogue");
    return {
      nodeName,
      providerId: `aws:///us-east-1a/i-${nodeName}`,
      architecture: "amd64",
      capacity: capacityOf(info),
      allocatable: allocatableOf(info),
      internalIp: this.podIps.take(0) ?? "",
      labels: { "node.kubernetes.io/instance-type": "m5.large" },
      taints: [],
      podIps: this.podIps,
      ...amounts,
    };
  }

  /** A pod that is already bound to a node. */
  async createPod(name: string, spec: Partial<PodSpec> = {}, annotations: Record<string, string> = {}): Promise<Pod> {
    return this.client.create(Pod, {
      metadata: { name, namespace: "default", annotations, labels: { app: name } },
      spec: {
        nodeName: "node-1",
        containers: [{ name: "main", image: "nginx:1.27", resources: { requests: { cpu: "100m", memory: "64Mi" } } }],
        ...spec,
      },
    });
  }

  pod(name: string): Promise<Pod> {
    return this.client.get(Pod, { namespace: "default", name });
  }

  seconds(count: number): Promise<void> {
    return this.clock.run(count * 1000);
  }

  now(): string {
    return timestamp(this.clock.now());
  }
}
