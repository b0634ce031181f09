import {
  CSINode,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  type PodCondition,
  PodDisruptionBudget,
  StorageClass,
  timestamp,
} from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  isConflict,
  isNotFound,
  keyOf,
  mapped,
  randomInteger,
  type Timer,
} from "@bellows/kube";
import { Binder } from "./binding.ts";
import { clusterObjects, readKinds } from "./cluster-objects.ts";
import { Cluster } from "./engine/cluster.ts";
import type { NodeInfo } from "./engine/node-info.ts";
import { type PodInfo, podInfo } from "./engine/pod-info.ts";
import { decidePreemption } from "./engine/preemption.ts";
import { defaultProfile, type Profile } from "./engine/profile.ts";
import { SchedulingQueue } from "./engine/queue.ts";
import { type Change, mayHelp } from "./engine/requeue.ts";
import { type DecisionInput, decideNode, type Failure } from "./engine/schedule-pod.ts";
import { FailureMemory } from "./failure-memory.ts";
import { Nominations } from "./nominations.ts";

export interface SchedulerOptions {
  /** Pods that name it in `spec.schedulerName` are this scheduler's; default `default-scheduler`. */
  readonly name?: string;
  readonly profile?: Profile;
}

const defaultSchedulerName = "default-scheduler";

/** Pods that are decided before other work of the process gets a turn. */
const podsPerTurn = 64;

/** Events.k8s.io accepts notes up to this many bytes. */
const noteLimit = 1024;

/** Assigns pending pods to nodes. Writes: pods/binding, pod conditions, victims of preemption, Events. */
export function schedulerController(options: SchedulerOptions = {}): Controller {
  const name = options.name ?? defaultSchedulerName;
  const none = () => [];
  return {
    name,
    watches: [mapped(Pod, none), mapped(Node, none), mapped(PodDisruptionBudget, none)],
    reads: [...readKinds] as unknown as NonNullable<Controller["reads"]>,
    start: (context) => startScheduler(context, options),
    reconcile: async () => {},
  };
}

/** Starts the loop on caches that have synced. It ends with the context's signal. */
export function startScheduler(context: ControllerContext, options: SchedulerOptions = {}): void {
  new Scheduler(context, options).start();
}

class Scheduler {
  readonly #context: ControllerContext;
  readonly #name: string;
  readonly #profile: Profile;
  readonly #cluster: Cluster;
  readonly #queue = new SchedulingQueue();
  readonly #nominations = new Nominations();
  readonly #failures = new FailureMemory();
  readonly #binder: Binder;
  #startIndex = 0;
  #isRunning = false;
  #timer: Timer | undefined;

  constructor(context: ControllerContext, options: SchedulerOptions) {
    this.#context = context;
    this.#name = options.name ?? defaultSchedulerName;
    this.#profile = options.profile ?? defaultProfile;
    this.#cluster = new Cluster(clusterObjects(context.cache));
    this.#binder = new Binder(context, this.#cluster);
  }

  start(): void {
    const { cache } = this.#context;
    cache.informer(Node).handle({ changed: (_, before, after) => this.#nodeChanged(before, after) });
    cache.informer(Pod).handle({ changed: (_, before, after) => this.#podChanged(before, after) });
    const volumesChanged = () => {
      this.#binder.claimsChanged();
      this.#wake({ kind: "volumes" });
    };
    cache.informer(PersistentVolumeClaim).handle({ changed: volumesChanged });
    cache.informer(PersistentVolume).handle({ changed: volumesChanged });
    cache.informer(StorageClass).handle({ changed: volumesChanged });
    cache.informer(CSINode).handle({ changed: volumesChanged });
    cache.informer(Namespace).handle({
      changed: (_, before, after) => {
        if (JSON.stringify(before?.metadata.labels) !== JSON.stringify(after?.metadata.labels))
          this.#wake({ kind: "podPlaced" });
      },
    });
  }

  #nodeChanged(before: Node | undefined, after: Node | undefined): void {
    if (!after) {
      this.#failures.clear();
      this.#cluster.removeNode(before?.metadata.name as string);
      return;
    }
    if (before && sameForScheduling(before, after)) return;
    this.#cluster.setNode(after);
    const node = this.#cluster.node(after.metadata.name);
    if (node) this.#wake({ kind: "node", node });
  }

  #podChanged(before: Pod | undefined, after: Pod | undefined): void {
    const uid = (after ?? before)?.metadata.uid as string;
    if (before && after && before.metadata.uid !== after.metadata.uid) this.#podChanged(before, undefined);
    if (!after || isTerminal(after)) return this.#podGone(uid);
    const info = podInfo(after);
    if (after.spec?.nodeName) {
      const isNew = this.#cluster.nodeOf(uid) !== after.spec.nodeName || info.terminating;
      this.#queue.delete(uid);
      this.#nominations.delete(uid);
      this.#cluster.setPod(info, after.spec.nodeName);
      if (isNew) this.#wake({ kind: "podPlaced" });
      else if (before && before.metadata.generation !== after.metadata.generation) {
        this.#wake({ kind: "podGone", node: this.#cluster.node(after.spec.nodeName) });
      }
      return;
    }
    if ((after.spec?.schedulerName ?? defaultSchedulerName) !== this.#name) return;
    if (info.terminating || (after.spec?.schedulingGates ?? []).length > 0) {
      this.#queue.delete(uid);
      this.#nominations.delete(uid);
      return;
    }
    this.#nominations.set(info, after.status?.nominatedNodeName);
    const changed = before !== undefined && before.metadata.generation !== after.metadata.generation;
    if (changed) this.#failures.clear();
    this.#queue.set(info, this.#context.clock.now(), changed);
    this.#run();
  }

  #podGone(uid: string): void {
    this.#queue.delete(uid);
    this.#nominations.delete(uid);
    const nodeName = this.#cluster.nodeOf(uid);
    if (nodeName === undefined) return;
    this.#cluster.removePod(uid);
    this.#wake({ kind: "podGone", node: this.#cluster.node(nodeName) });
  }

  #wake(change: Change): void {
    this.#failures.clear();
    this.#queue.wake((queued) => mayHelp(change, queued, this.#cluster), this.#context.clock.now());
    this.#run();
  }

  /** Runs the loop unless it runs; the first turn comes when what is being delivered now has been taken in. */
  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#timer?.cancel();
    this.#context.clock.after(0, () => this.#turn());
  }

  #turn(): void {
    const { clock, signal } = this.#context;
    if (signal.aborted) return;
    for (let count = 0; count < podsPerTurn; count++) {
      const queued = this.#queue.pop(clock.now());
      if (!queued) return this.#rest();
      this.#schedule(queued.pod);
    }
    clock.after(0, () => this.#turn());
  }

  #rest(): void {
    const { clock } = this.#context;
    this.#isRunning = false;
    const at = this.#queue.nextAt();
    if (at !== undefined) this.#timer = clock.after(at - clock.now(), () => this.#run());
  }

  #input(): DecisionInput {
    return {
      cluster: this.#cluster,
      profile: this.#profile,
      nominated: (nodeName) => this.#nominations.on(nodeName),
      startIndex: this.#startIndex,
      pick: (below) => randomInteger(this.#context.random, below),
    };
  }

  #schedule(pod: PodInfo): void {
    const known = this.#failures.find(pod);
    if (known) return this.#reject(pod, known, known.message, undefined);
    const decision = decideNode(pod, this.#input());
    if (decision.failure) return this.#unschedulable(pod, decision.failure);
    const { node, evaluated } = decision;
    this.#startIndex = (this.#startIndex + evaluated) % Math.max(1, this.#cluster.nodes().length);
    this.#failures.clear();
    this.#nominations.delete(pod.uid);
    this.#cluster.setPod(pod, node.name);
    void this.#bind(pod, node);
  }

  async #bind(pod: PodInfo, node: NodeInfo): Promise<void> {
    const { clock, events } = this.#context;
    try {
      await this.#binder.bind(pod, node);
      const where = `${pod.namespace}/${pod.pod.metadata.name} to ${node.name}`;
      events.record(pod.pod, { type: "Normal", reason: "Scheduled", message: `Successfully assigned ${where}` });
    } catch (error) {
      const placed = this.#current(pod)?.spec?.nodeName;
      if (placed) return;
      this.#cluster.removePod(pod.uid);
      this.#queue.failed(pod.uid, clock.now());
      this.#wake({ kind: "podGone", node: this.#cluster.node(node.name) });
      if (!isNotFound(error))
        await this.#tell(pod, "SchedulerError", error instanceof Error ? error.message : String(error));
    }
  }

  #unschedulable(pod: PodInfo, failure: Failure): void {
    if (failure.ofEveryNode && failure.rejections.size === 0 && this.#cluster.nodes().length === 0) {
      return this.#reject(pod, failure, failure.message, undefined);
    }
    // Whoever ends scheduling before nodes are looked at leaves DynamicResources without its state, which ends this too.
    if (failure.ofEveryNode && failure.rejections.size === 0 && !failure.message.includes("didn't satisfy plugin(s)"))
      return this.#reject(pod, failure, `${failure.message} not found`, undefined);
    const budgets = this.#context.cache.list(PodDisruptionBudget);
    const preemption = decidePreemption(pod, failure, budgets, this.#input());
    if (preemption.candidate) {
      const { node, victims } = preemption.candidate;
      this.#nominations.set(pod, node.name);
      this.#reject(pod, failure, failure.message, node.name);
      void this.#preempt(pod, node, victims);
      return;
    }
    const message = `${failure.message} no new claims to deallocate, preemption: ${preemption.message}`;
    this.#failures.remember(pod, { ...failure, message });
    this.#reject(pod, failure, message, preemption.keepsNomination ? undefined : "");
  }

  #reject(pod: PodInfo, failure: Failure, message: string, nominatedNodeName: string | undefined): void {
    this.#queue.rejected(pod.uid, failure.plugins, this.#context.clock.now());
    if (nominatedNodeName === "") this.#nominations.delete(pod.uid);
    void this.#tell(pod, "Unschedulable", message, nominatedNodeName);
  }

  /** Clears a node for a pod. Pods of less priority that were to get the place are told to look elsewhere. */
  async #preempt(pod: PodInfo, node: NodeInfo, victims: readonly PodInfo[]): Promise<void> {
    const { client, clock, events, log } = this.#context;
    const lesser = this.#nominations.on(node.name).filter((other) => other.priority < pod.priority);
    try {
      for (const victim of victims) {
        const key = keyOf(victim.pod);
        const condition = {
          type: "DisruptionTarget",
          status: "True",
          reason: "PreemptionByScheduler",
          message: `${this.#name}: preempting to accommodate a higher priority pod`,
          lastTransitionTime: timestamp(clock.now()),
        };
        const status = { conditions: [condition] };
        await client
          .patch(Pod, key, { type: "strategic", body: { status } }, { subresource: "status" })
          .catch(ignoreGone);
        const uid = victim.pod.metadata.uid;
        await client.delete(Pod, key, uid ? { preconditions: { uid } } : {}).catch(ignoreGone);
        const message = `Preempted by pod ${pod.uid} on node ${node.name}`;
        events.record(victim.pod, { type: "Normal", reason: "Preempted", message });
      }
      for (const other of lesser) {
        this.#nominations.delete(other.uid);
        const body = { status: { nominatedNodeName: null } };
        await client.patch(Pod, keyOf(other.pod), { type: "merge", body }, { subresource: "status" }).catch(ignoreGone);
      }
    } catch (error) {
      log.error("preemption failed", { pod: `${pod.namespace}/${pod.pod.metadata.name}`, error: String(error) });
      this.#nominations.delete(pod.uid);
      this.#queue.failed(pod.uid, clock.now());
      this.#run();
    }
  }

  /** The Event and the condition of a pod that could not be placed. The condition is written only where it says something new. */
  async #tell(pod: PodInfo, reason: string, message: string, nominatedNodeName?: string): Promise<void> {
    const { client, clock, events, log } = this.#context;
    const current = this.#current(pod);
    if (!current || current.spec?.nodeName) return;
    events.record(current, { type: "Warning", reason: "FailedScheduling", message: shortened(message) });
    const before = current.status?.conditions?.find((condition) => condition.type === "PodScheduled");
    const told = before?.status === "False" && before.reason === reason && before.message === message;
    const nominationSame =
      nominatedNodeName === undefined || (current.status?.nominatedNodeName ?? "") === nominatedNodeName;
    if (told && nominationSame) return;
    const now = timestamp(clock.now());
    const condition: PodCondition = {
      type: "PodScheduled",
      status: "False",
      reason,
      message,
      lastTransitionTime: before?.status === "False" ? (before.lastTransitionTime ?? now) : now,
    };
    const nomination = nominationSame ? {} : { nominatedNodeName: nominatedNodeName || null };
    const body = { status: { ...(!told && { conditions: [condition] }), ...nomination } };
    try {
      await client.patch(Pod, keyOf(current), { type: "strategic", body }, { subresource: "status" });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error))
        log.warn("failed to tell why a pod waits", { error: String(error) });
    }
  }

  /** The pod as it is now; undefined where it is gone, or another has taken its name. */
  #current(pod: PodInfo): Pod | undefined {
    const current = this.#context.cache.get(Pod, keyOf(pod.pod));
    return current?.metadata.uid === pod.pod.metadata.uid ? current : undefined;
  }
}

const isTerminal = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

const sameForScheduling = (before: Node, after: Node): boolean =>
  factsOf(before) === factsOf(after) && before.metadata.uid === after.metadata.uid;

const factsOf = ({ metadata, spec, status }: Node): string =>
  JSON.stringify([metadata.labels, spec?.taints, spec?.unschedulable, status?.allocatable, status?.images]);

const shortened = (message: string): string =>
  message.length <= noteLimit ? message : `${message.slice(0, noteLimit - 4)} ...`;

function ignoreGone(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}
