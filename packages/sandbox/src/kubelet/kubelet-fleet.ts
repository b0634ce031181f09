import { Lease, Node, Pod } from "@bellows/api";
import {
  type Cache,
  type Client,
  type Clock,
  type Instant,
  isAlreadyExists,
  isConflict,
  isNotFound,
  type Logger,
  microTimestamp,
  parseTimestamp,
  type Timer,
} from "@bellows/kube";
import { fractionOf, msIn } from "./jitter.ts";
import { KubeletEvents } from "./kubelet-events.ts";
import { defaultKubeletTiming, type KubeletTiming } from "./kubelet-timing.ts";
import { defaultNodeSoftware, type Machine, type NodeSoftware } from "./machine.ts";
import { NodeAgent } from "./node-agent.ts";
import {
  type KubeletEndpoint,
  kubeletAddresses,
  nodeConditions,
  notReadyTaint,
  registeredNode,
} from "./node-object.ts";
import type { PodRun } from "./pod-run.ts";
import { StatusWriter } from "./status-writer.ts";

export interface KubeletFleetOptions {
  readonly client: Client;
  /** Must watch Pods and Nodes whole (managed fields may be left out). */
  readonly cache: Cache;
  readonly clock: Clock;
  readonly log: Logger;
  readonly timing?: Partial<KubeletTiming>;
  readonly software?: Partial<NodeSoftware>;
  /** Where their API is served; without it, nodes say what real ones do, and nobody can be reached there. */
  readonly endpoint?: KubeletEndpoint;
}

/** Heartbeats are spread over this many turns of one shared timer. */
const heartbeatSlots = 10;
const registerRetryMs = 1_000;
const leaseNamespace = "kube-node-lease";
const leaseDurationSeconds = 40;

interface Member {
  readonly agent: NodeAgent;
  readonly slot: number;
  registeredAt: Instant;
  ready: boolean;
  readySinceAt: Instant;
  statusDueAt: Instant;
  leased: boolean;
}

/**
 * The kubelets of all simulated nodes in one process: they share one watch of Pods and Nodes, one timer for heartbeats
 * and one writer of statuses. `add` a machine and its node registers, becomes ready and runs the pods bound to it;
 * `remove` it and its node falls silent.
 */
export class KubeletFleet {
  readonly #options: KubeletFleetOptions;
  readonly #timing: KubeletTiming;
  readonly #software: NodeSoftware;
  readonly #events: KubeletEvents;
  readonly #statuses: StatusWriter;
  readonly #members = new Map<string, Member>();
  #ticker: Timer | undefined;
  #tick = 0;
  #nextSlot = 0;

  constructor(options: KubeletFleetOptions) {
    this.#options = options;
    this.#timing = { ...defaultKubeletTiming, ...options.timing };
    this.#software = { ...defaultNodeSoftware, ...options.software };
    this.#events = new KubeletEvents(options.client, options.clock, options.log);
    this.#statuses = new StatusWriter(options.client, options.clock, options.log);
    options.cache.informer(Pod).handle({ changed: (_, before, after) => this.#podChanged(before, after) });
    options.cache.informer(Node).handle({ changed: (_, __, after) => this.#nodeChanged(after) });
  }

  /** The names of the nodes whose kubelet runs. */
  get nodeNames(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** The pod as its node knows it; undefined for one that no kubelet here runs. */
  podRun(pod: Pod): PodRun | undefined {
    return this.#members.get(pod.spec?.nodeName ?? "")?.agent.pods.get(pod.metadata.uid ?? "");
  }

  /** Every pod run of every node. */
  *podRuns(): Iterable<PodRun> {
    for (const { agent } of this.#members.values()) yield* agent.pods.values();
  }

  /** Boots a kubelet. A Node of that name that exists (after a restart of this process) is taken over. */
  async add(machine: Machine): Promise<void> {
    if (this.#members.has(machine.nodeName)) return;
    const { clock } = this.#options;
    const now = clock.now();
    const parts = { clock, timing: this.#timing, events: this.#events, statuses: this.#statuses };
    const agent = new NodeAgent(machine, registeredNode(machine, this.#software, now, this.#options.endpoint), parts);
    const slot = this.#nextSlot++ % heartbeatSlots;
    const member: Member = {
      agent,
      slot,
      registeredAt: now,
      ready: false,
      readySinceAt: now,
      statusDueAt: 0,
      leased: false,
    };
    this.#members.set(machine.nodeName, member);
    await this.#register(member);
  }

  /** The computer is gone: no heartbeat and no status any more. The Node object is left to whoever owns it. */
  remove(nodeName: string): void {
    this.#members.get(nodeName)?.agent.dispose();
    this.#members.delete(nodeName);
  }

  stop(): void {
    this.#ticker?.cancel();
    this.#ticker = undefined;
    for (const name of this.nodeNames) this.remove(name);
  }

  async #register(member: Member): Promise<void> {
    const { client, clock, log } = this.#options;
    const { agent } = member;
    try {
      agent.node = await client.create(Node, agent.node, { fieldManager: "kubelet" });
      for (const [reason, message] of registrationEvents(agent.nodeName))
        this.#events.node(agent.node, { type: "Normal", reason, message });
    } catch (error) {
      if (!this.#alive(member)) return;
      const known = isAlreadyExists(error) ? await client.find(Node, { name: agent.nodeName }) : undefined;
      if (!known) {
        log.warn("node was not registered", { node: agent.nodeName, error });
        clock.after(registerRetryMs, () => this.#alive(member) && void this.#register(member));
        return;
      }
      agent.node = known;
      this.#recover(member, known);
      await this.#writeAddresses(member);
    }
    if (!this.#alive(member)) return;
    this.#startTicker();
    void this.#renewLease(member);
    if (!member.ready)
      clock.after(msIn(this.#timing.cni, `${agent.nodeName}/cni`), () => void this.#becomeReady(member));
    for (const pod of this.#options.cache.list(Pod)) {
      if (pod.spec?.nodeName === agent.nodeName) agent.seen(pod);
    }
  }

  /** Goes on with a node that was ready when an earlier process ended. */
  #recover(member: Member, node: Node): void {
    const { conditions } = node.status ?? {};
    const ready = conditions?.find(({ type }) => type === "Ready");
    const other = conditions?.find(({ type }) => type === "MemoryPressure");
    member.registeredAt = parseTimestamp(other?.lastTransitionTime) ?? member.registeredAt;
    if (ready?.status !== "True") return;
    member.ready = true;
    member.readySinceAt = parseTimestamp(ready.lastTransitionTime) ?? member.readySinceAt;
  }

  /** The API of an earlier process is gone with it. */
  async #writeAddresses({ agent }: Member): Promise<void> {
    const { client, endpoint, log } = this.#options;
    if (!endpoint) return;
    const body = { status: kubeletAddresses(agent.machine, endpoint) };
    try {
      await client.patch(Node, { name: agent.nodeName }, { type: "merge", body }, { subresource: "status" });
    } catch (error) {
      log.warn("addresses of the node were not written", { node: agent.nodeName, error });
    }
  }

  async #becomeReady(member: Member): Promise<void> {
    if (!this.#alive(member)) return;
    member.ready = true;
    member.readySinceAt = this.#options.clock.now();
    await this.#writeNodeStatus(member);
    this.#events.node(member.agent.node, {
      type: "Normal",
      reason: "NodeReady",
      message: `Node ${member.agent.nodeName} status is now: NodeReady`,
    });
    await this.#removeNotReadyTaint(member);
  }

  /** The taint that the node registered with goes when the network is there; whoever else may remove it as well. */
  async #removeNotReadyTaint(member: Member): Promise<void> {
    const { client, clock, log } = this.#options;
    const name = member.agent.nodeName;
    try {
      const node = await client.find(Node, { name });
      const taints = node?.spec?.taints ?? [];
      const left = taints.filter((taint) => taint.key !== notReadyTaint.key || taint.effect !== notReadyTaint.effect);
      if (!node || left.length === taints.length) return;
      const body = { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints: left } };
      await client.patch(Node, { name }, { type: "merge", body }, { fieldManager: "kubelet" });
    } catch (error) {
      if (!isConflict(error)) log.warn("taint was not removed", { node: name, error });
      clock.after(registerRetryMs, () => this.#alive(member) && void this.#removeNotReadyTaint(member));
    }
  }

  #startTicker(): void {
    if (this.#ticker) return;
    const { clock } = this.#options;
    const beat = () => {
      this.#ticker = clock.after(this.#timing.leaseRenewMs / heartbeatSlots, beat);
      this.#tick = (this.#tick + 1) % heartbeatSlots;
      for (const member of this.#members.values()) {
        if (member.slot === this.#tick) void this.#heartbeat(member);
      }
    };
    this.#ticker = clock.after(this.#timing.leaseRenewMs / heartbeatSlots, beat);
  }

  async #heartbeat(member: Member): Promise<void> {
    await this.#renewLease(member);
    if (member.ready && this.#options.clock.now() >= member.statusDueAt) await this.#writeNodeStatus(member);
  }

  async #renewLease(member: Member): Promise<void> {
    const { client, clock, log } = this.#options;
    const { nodeName, node } = member.agent;
    const key = { namespace: leaseNamespace, name: nodeName };
    const renewTime = microTimestamp(clock.now());
    try {
      if (member.leased) {
        await client.patch(Lease, key, { type: "merge", body: { spec: { renewTime } } }, { fieldManager: "kubelet" });
        return;
      }
      const ownerReferences = node.metadata.uid
        ? [{ apiVersion: "v1", kind: "Node", name: nodeName, uid: node.metadata.uid }]
        : [];
      const spec = { holderIdentity: nodeName, leaseDurationSeconds, renewTime };
      member.leased = true;
      await client.create(Lease, {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { ...key, ownerReferences },
        spec,
      });
    } catch (error) {
      if (isAlreadyExists(error)) return;
      if (isNotFound(error)) member.leased = false;
      else log.debug("lease was not renewed", { node: nodeName, error });
    }
  }

  async #writeNodeStatus(member: Member): Promise<void> {
    const { client, clock, log } = this.#options;
    const now = clock.now();
    member.statusDueAt = now + this.#timing.nodeStatusMs * (0.9 + 0.2 * fractionOf(`${member.agent.nodeName}/${now}`));
    const conditions = nodeConditions(member.ready, now, member.readySinceAt, member.registeredAt);
    const images = member.agent.images.list(now);
    try {
      const body = { status: { conditions, ...(images.length > 0 && { images }) } };
      await client.patch(
        Node,
        { name: member.agent.nodeName },
        { type: "strategic", body },
        { subresource: "status", fieldManager: "kubelet" },
      );
    } catch (error) {
      if (!isNotFound(error)) log.warn("node status was not written", { node: member.agent.nodeName, error });
      member.statusDueAt = now;
    }
  }

  #podChanged(before: Pod | undefined, after: Pod | undefined): void {
    const replaced = before && before.metadata.uid !== after?.metadata.uid;
    if (before && (replaced || !after))
      this.#members.get(before.spec?.nodeName ?? "")?.agent.gone(before.metadata.uid ?? "");
    if (after) this.#members.get(after.spec?.nodeName ?? "")?.agent.seen(after);
  }

  #nodeChanged(node: Node | undefined): void {
    const member = node && this.#members.get(node.metadata.name);
    if (member && node) member.agent.node = node;
  }

  #alive(member: Member): boolean {
    return this.#members.get(member.agent.nodeName) === member;
  }
}

const registrationEvents = (nodeName: string): readonly (readonly [string, string])[] => [
  ["Starting", "Starting kubelet."],
  ["NodeHasSufficientMemory", `Node ${nodeName} status is now: NodeHasSufficientMemory`],
  ["NodeHasNoDiskPressure", `Node ${nodeName} status is now: NodeHasNoDiskPressure`],
  ["NodeHasSufficientPID", `Node ${nodeName} status is now: NodeHasSufficientPID`],
  ["NodeAllocatableEnforced", "Updated Node Allocatable limit across pods"],
];
