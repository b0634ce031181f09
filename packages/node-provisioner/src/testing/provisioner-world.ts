import { condition, EC2NodeClass, Event, type KubernetesObject, Node, NodeClaim, NodePool, Pod } from "@bellows/api";
import { allocatableOf, capacityOf, instanceTypeOf, resourceList } from "@bellows/aws";
import {
  type Client,
  createCache,
  createClient,
  createManager,
  type Logger,
  type RunningManager,
  seededRandom,
  timestamp,
  VirtualClock,
} from "@bellows/kube";
import { FakeApiServer } from "@bellows/kube/testing";
import { Registry } from "prom-client";
import { type NodeProvisionerOptions, nodeProvisionerControllers } from "../controllers.ts";
import { FakeCloud } from "./fake-cloud.ts";

/** A cluster without kubelets and scheduler: tests play those. */
export class ProvisionerWorld {
  readonly clock = new VirtualClock(Date.parse("2026-01-01T00:00:00Z"));
  readonly cluster = new FakeApiServer(this.clock);
  readonly cloud = new FakeCloud(this.clock);
  readonly client: Client = createClient(this.cluster, { clock: this.clock });
  readonly log: { message: string; fields: Record<string, unknown> }[] = [];
  #running: RunningManager | undefined;

  /** Starts the controllers, as a process does. */
  async start(options: Partial<NodeProvisionerOptions> = {}): Promise<void> {
    const { clock, client, cloud } = this;
    const random = seededRandom(this.log.length + 1);
    const log = this.#logger();
    const cache = createCache({ client, clock, random, log });
    const manager = createManager({ client, clock, random, log, metrics: new Registry(), cache });
    manager.add(...nodeProvisionerControllers({ cloud, clusterName: "test", feedForward: false, ...options }));
    const starting = cache.start().then(() => manager.start());
    await this.clock.run(0);
    this.#running = await starting;
  }

  /** Ends the process; what it was doing is left half done where it waits for something. */
  async stop(): Promise<void> {
    const stopping = this.#running?.stop();
    await this.clock.run(30_000);
    await stopping;
  }

  run(ms: number): Promise<void> {
    return this.clock.run(ms);
  }

  async apply(...objects: [kind: Parameters<Client["create"]>[0], object: KubernetesObject][]): Promise<void> {
    for (const [kind, object] of objects) await this.client.create(kind, object);
    await this.run(0);
  }

  async claims(): Promise<readonly NodeClaim[]> {
    return (await this.client.listAll(NodeClaim)).items;
  }

  async nodes(): Promise<readonly Node[]> {
    return (await this.client.listAll(Node)).items;
  }

  async eventsOf(name: string): Promise<string[]> {
    const { items } = await this.client.listAll(Event as never);
    return (items as unknown as { involvedObject: { name: string }; reason: string; message: string }[])
      .filter((event) => event.involvedObject.name === name)
      .map((event) => `${event.reason}: ${event.message}`);
  }

  messages(): string[] {
    return this.log.map(({ message }) => message);
  }

  /** Lets every running instance that has no node join, as its kubelet would, and be ready. */
  async join(): Promise<void> {
    const known = new Set((await this.nodes()).map((node) => node.spec?.providerID));
    for (const instance of this.cloud.running) {
      const providerID = `aws:///${instance.zone}/${instance.id}`;
      const info = instanceTypeOf(instance.instanceType);
      if (known.has(providerID) || !info) continue;
      const capacity = resourceList(capacityOf(info));
      await this.client.create(Node, {
        metadata: {
          name: instance.privateDnsName,
          labels: { "kubernetes.io/hostname": instance.privateDnsName, "topology.kubernetes.io/zone": instance.zone },
        },
        spec: { providerID, taints: [{ key: "karpenter.sh/unregistered", effect: "NoExecute" }] },
        status: {
          capacity,
          allocatable: resourceList(allocatableOf(info)),
          conditions: [{ type: "Ready", status: "True", lastTransitionTime: timestamp(this.clock.now()) }],
        },
      });
    }
    await this.run(1_000);
  }

  /** Puts a pod on a node, as the scheduler would. */
  async bind(pod: string, nodeName: string): Promise<void> {
    const body = { spec: { nodeName }, status: { phase: "Running", conditions: [] } };
    await this.client.patch(Pod, { namespace: "default", name: pod }, { type: "merge", body });
    await this.run(0);
  }

  async conditionOf(claim: string, type: string): Promise<string | undefined> {
    const found = await this.client.find(NodeClaim, { name: claim });
    return condition(found?.status?.conditions, type)?.status;
  }

  #logger(): Logger {
    const write = (message: string, fields: Record<string, unknown> = {}) => void this.log.push({ message, fields });
    const logger: Logger = { debug() {}, info: write, warn: write, error: write, child: () => logger };
    return logger;
  }
}

export const aNodeClass = (): [typeof EC2NodeClass, EC2NodeClass] => [
  EC2NodeClass,
  {
    metadata: { name: "default" },
    spec: {
      role: "node",
      amiSelectorTerms: [{ alias: "al2023@latest" }],
      subnetSelectorTerms: [{ tags: { "karpenter.sh/discovery": "test" } }],
      securityGroupSelectorTerms: [{ tags: { "karpenter.sh/discovery": "test" } }],
    },
  } as unknown as EC2NodeClass,
];

export const aNodePool = (
  spec: Partial<NodePool["spec"]> = {},
  requirements: { key: string; operator: string; values?: string[] }[] = [
    { key: "karpenter.sh/capacity-type", operator: "In", values: ["on-demand"] },
  ],
  name = "default",
): [typeof NodePool, NodePool] => [
  NodePool,
  {
    metadata: { name },
    spec: {
      template: {
        spec: {
          requirements,
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" },
          expireAfter: "720h",
        },
      },
      disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "30s", budgets: [{ nodes: "100%" }] },
      ...spec,
    },
  } as NodePool,
];

/** A pod that its scheduler found no node for. */
export const aPod = (
  name: string,
  { cpu = "1", ...spec }: { cpu?: string } & Partial<NonNullable<Pod["spec"]>> = {},
): [typeof Pod, Pod] => [
  Pod,
  {
    metadata: { name, namespace: "default", labels: { app: "web" } },
    spec: { containers: [{ name: "app", image: "app", resources: { requests: { cpu } } }], ...spec },
    status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }] },
  } as Pod,
];
