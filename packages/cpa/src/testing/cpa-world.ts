import { ConfigMap, Deployment, Event, Node } from "@bellows/api";
import { type Controller, createClient, createManager, seededRandom, silentLogger, VirtualClock } from "@bellows/kube";
import { FakeApiServer } from "@bellows/kube/testing";
import { Registry } from "prom-client";

const discovery = {
  kind: "APIResourceList",
  groupVersion: "apps/v1",
  resources: ["Deployment", "ReplicaSet"].map((kind) => ({ name: `${kind.toLowerCase()}s`, namespaced: true, kind })),
};

const namespace = "default";

/** An API server with nodes, Deployments and ConfigMaps, and controllers at work on it in virtual time. */
export class CpaWorld {
  readonly clock = new VirtualClock(Date.parse("2026-01-05T00:00:00Z"));
  readonly server = new FakeApiServer();
  readonly client = createClient(this.server, { clock: this.clock });
  #stop: () => Promise<void> = async () => {};

  constructor() {
    this.server.intercept = async ({ method, path }) =>
      method === "GET" && path === "/apis/apps/v1" ? { status: 200, headers: {}, body: discovery } : undefined;
  }

  async run(...controllers: readonly Controller[]): Promise<void> {
    const { client, clock } = this;
    const parts = { client, clock, random: seededRandom(1), log: silentLogger, metrics: new Registry() };
    const running = await createManager(parts)
      .add(...controllers)
      .start();
    this.#stop = () => running.stop();
    await this.settle();
  }

  /** What an event sets off takes no longer than this. */
  settle(): Promise<void> {
    return this.clock.run(100);
  }

  async addNodes(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const status = { allocatable: { cpu: "2" }, conditions: [{ type: "Ready", status: "True" }] };
      await this.client.create(Node, { metadata: { name }, status } as Node);
    }
    await this.settle();
  }

  async patchNode(name: string, body: object): Promise<void> {
    await this.client.patch(Node, { name }, { type: "merge", body });
    await this.settle();
  }

  async addDeployment(name: string, spec: object = {}): Promise<void> {
    const object = { metadata: { namespace, name }, spec: { replicas: 1, ...spec } };
    await this.client.create(Deployment, object as Deployment);
    await this.settle();
  }

  replicas(name: string): number | undefined {
    return this.server.objects(Deployment).find((each) => each.metadata.name === name)?.spec?.replicas;
  }

  async setParams(name: string, data: Readonly<Record<string, string>>): Promise<void> {
    const known = await this.client.find(ConfigMap, { namespace, name });
    if (known) await this.client.update(ConfigMap, { ...known, data });
    else await this.client.create(ConfigMap, { metadata: { namespace, name }, data });
    await this.settle();
  }

  /** `Kind/name reason: message` of each Event. */
  async events(): Promise<string[]> {
    await this.clock.run(2_000);
    return this.server
      .objects(Event)
      .map(({ involvedObject: { kind, name }, reason, message }) => `${kind}/${name} ${reason}: ${message}`);
  }

  /** Requests since the last call that wrote or asked for a scale. */
  scaleRequests(): number {
    const { requests } = this.server;
    return requests.splice(0).filter(({ path }) => path.endsWith("/scale")).length;
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}
