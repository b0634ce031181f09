import { createCache, type InformerCache, type Projection } from "./cache.ts";
import type { Client, ObjectKey } from "./client.ts";
import type { Clock } from "./clock.ts";
import type { Controller, ControllerContext, Watch } from "./controller.ts";
import { type ControllerMetrics, controllerMetrics } from "./controller-metrics.ts";
import { createEventRecorder } from "./event-recorder.ts";
import type { EventRecorder } from "./events.ts";
import { keyText } from "./informer.ts";
import type { Logger } from "./logging.ts";
import type { Metrics } from "./metrics.ts";
import { type OwnWrites, trackOwnWrites } from "./own-writes.ts";
import type { Random } from "./random.ts";
import { createWorkQueue, type WorkQueue } from "./work-queue.ts";

export interface ManagerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Kinds that the cache does not keep whole. Not with `cache`. */
  readonly projections?: readonly Projection[];
  /** A cache that is shared with another manager, which then starts and stops it. */
  readonly cache?: InformerCache;
  /** The recorder of a controller; default: one whose component is the controller's name. */
  readonly events?: (controller: string) => EventRecorder;
  /** With it, controllers run only while this process leads. */
  readonly election?: Election;
}

/** The gate of leader election: see `createLeaderElection`. */
export interface Election {
  /** Campaigns until `signal` aborts. `lead` runs once elected, its signal aborts when the lease is lost. */
  run(signal: AbortSignal, lead: (leading: AbortSignal) => Promise<void>): Promise<void>;
}

export interface Manager {
  readonly cache: InformerCache;
  add(...controllers: Controller[]): Manager;
  /** Resolves when the caches have synced and the controllers run (or, with an election, once it campaigns). `signal` stops it, also before. */
  start(signal?: AbortSignal): Promise<RunningManager>;
}

export interface RunningManager {
  /** Stops taking keys, waits for the reconciles at work, gives up the lease and writes the last Events. */
  stop(): Promise<void>;
  /** Resolves when the controllers have stopped, also because the lease was lost: the process should then end. */
  readonly done: Promise<void>;
}

/** Runs controllers over one shared cache. */
export function createManager(options: ManagerOptions): Manager {
  const { client, clock, random, log, election } = options;
  const cache =
    options.cache ??
    createCache({ client, clock, random, log, ...(options.projections && { projections: options.projections }) });
  const recorderOf =
    options.events ?? ((component: string) => createEventRecorder({ client, clock, random, log, component }));
  const controllers: Controller[] = [];

  async function runControllers(signal: AbortSignal, started: () => void): Promise<void> {
    const runs = controllers.map((controller) => {
      const events = recorderOf(controller.eventSource ?? controller.name);
      return new ControllerRun(controller, { ...options, cache, events, signal });
    });
    // In the order in which they were added, so that a run is deterministic.
    for (const run of runs) await run.start();
    started();
    await aborted(signal);
    await Promise.all(runs.map((run) => run.stop()));
  }

  return {
    cache,
    add(...more) {
      controllers.push(...more);
      for (const { watches, reads = [] } of more) {
        for (const kind of [...watches.map((watch) => watch.kind), ...reads]) cache.informer(kind);
      }
      return this;
    },
    async start(signal) {
      const stopping = new AbortController();
      const stop = () => {
        stopping.abort();
        // Whoever waits for it to sync waits no more.
        if (cache.unsynced.length > 0 && !options.cache) cache.stop();
      };
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop, { once: true });
      await cache.start();
      const { promise: started, resolve, reject } = Promise.withResolvers<void>();
      const running = election
        ? election.run(stopping.signal, (leading) => runControllers(leading, () => {}))
        : runControllers(stopping.signal, resolve);
      if (election) resolve();
      running.catch(reject);
      const done = running.finally(() => {
        signal?.removeEventListener("abort", stop);
        if (!options.cache) cache.stop();
      });
      done.catch((error: unknown) => log.error("controllers stopped", { error: String(error) }));
      await started;
      return {
        done,
        async stop() {
          stop();
          await done;
        },
      };
    },
  };
}

interface RunOptions extends Omit<ManagerOptions, "cache" | "events"> {
  readonly cache: InformerCache;
  readonly events: EventRecorder;
  readonly signal: AbortSignal;
}

/** What a reconcile wrote is awaited by itself alone, so each worker has a client of its own. */
interface Worker {
  readonly context: ControllerContext;
  readonly writes: OwnWrites;
}

/** One controller at work: its queue, its contexts, its watches. */
class ControllerRun {
  readonly #controller: Controller;
  readonly #options: RunOptions;
  readonly #log: Logger;
  readonly #metrics: ControllerMetrics;
  readonly #queue: WorkQueue;
  readonly #context: ControllerContext;
  readonly #workers: readonly Worker[];
  #isOver = false;

  constructor(controller: Controller, options: RunOptions) {
    const { client, cache, clock, random, metrics, events, signal } = options;
    this.#controller = controller;
    this.#options = options;
    this.#log = options.log.child({ controller: controller.name });
    this.#metrics = controllerMetrics(metrics, controller.name);
    const concurrency = controller.concurrency ?? 1;
    this.#queue = createWorkQueue({
      clock,
      concurrency,
      work: (key, slot) => this.#reconcile(key, slot),
      observer: this.#metrics.queue,
    });
    const enqueue = (key: ObjectKey) => this.#enqueue(key);
    this.#context = { client, cache, clock, random, log: this.#log, events, metrics, signal, enqueue };
    this.#workers = Array.from({ length: concurrency }, () => {
      const writes = trackOwnWrites(client, cache, clock);
      return { writes, context: { ...this.#context, client: writes.client } };
    });
  }

  async start(): Promise<void> {
    await this.#controller.start?.(this.#context);
    for (const watch of this.#controller.watches) this.#follow(watch);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#queue.stop();
    await this.#options.events.flush();
  }

  #follow({ kind, keys }: Watch): void {
    const wake = (object: unknown) => {
      for (const key of keys(object as never, this.#context)) this.#enqueue(key);
    };
    this.#options.cache.informer(kind).handle({
      changed: (_, before, after) => {
        if (this.#isOver) return;
        if (before !== undefined) wake(before);
        if (after !== undefined) wake(after);
      },
    });
  }

  #enqueue(key: ObjectKey): void {
    if (this.#isOver || this.#queue.add(key)) return;
    this.#log.error("queue is full, key refused", { key: keyText(key) });
  }

  async #reconcile(key: ObjectKey, slot: number): Promise<number | undefined> {
    const { clock, signal } = this.#options;
    if (signal.aborted) return undefined;
    const { context, writes } = this.#workers[slot] as Worker;
    const startedAt = clock.now();
    try {
      const result = await this.#controller.reconcile(key, context);
      await writes.seen();
      this.#metrics.reconciled(result ? "requeue_after" : "success", (clock.now() - startedAt) / 1000);
      return result?.lookAgainAt;
    } catch (error) {
      this.#metrics.reconciled("error", (clock.now() - startedAt) / 1000);
      if (!signal.aborted) {
        this.#log.error("reconcile failed", { key: keyText(key), error: textOf(error) });
        await writes.seen();
      }
      throw error;
    }
  }
}

/** With the stack: a throw is a fault, and the place of it is what its reader needs. */
const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
