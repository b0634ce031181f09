import {
  type Client,
  type Clock,
  type Controller,
  createCache,
  createLeaderElection,
  createManager,
  type EventRecorder,
  type LeaderElection,
  type Logger,
  limitHeapGrowth,
  type Random,
  releaseMemory,
} from "@bellows/kube";
import { Registry } from "prom-client";
import type { ControllerSet } from "./catalogue.ts";
import { untilAnswered } from "./until-answered.ts";

/** What a process has for all of its turns. */
export interface ProcessParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly namespace: string;
}

export interface ElectionParts {
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly events: EventRecorder;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** Controllers at work, from a start to an end. */
export interface Term {
  /** What it measures, as Prometheus reads it. */
  metrics(): Promise<string>;
  /** Why it should be started anew; undefined where it need not. */
  alive(): Promise<string | undefined>;
  /** Why it does not act yet. */
  ready(): Promise<string | undefined>;
  /** Resolves when its controllers have stopped. */
  readonly done: Promise<void>;
}

/** Runs the controllers of `sets` over a cache of their own until `told` aborts, the Lease is lost or one gives up. */
export function takeTurn(
  parts: ProcessParts,
  sets: readonly ControllerSet[],
  elected: ElectionParts | undefined,
  told: AbortSignal,
): Term {
  const { client, clock, random, log } = parts;
  let metrics = new Registry();
  const projections = sets.flatMap((set) => set.projections ?? []);
  const [namespace] = sets.flatMap(({ watchNamespace }) => watchNamespace ?? []);
  const cache = createCache({ client, clock, random, log, projections, ...(namespace !== undefined && { namespace }) });
  let election: LeaderElection | undefined;
  /** Why nothing acts, where the cache does not know: it has synced while nobody has asked it for a kind. */
  let idle: string | undefined = "the controllers are starting";

  const givingUp = new AbortController();
  const signal = AbortSignal.any([told, givingUp.signal]);
  function giveUp(reason: string): void {
    log.error("giving up", { reason });
    givingUp.abort();
  }

  const ends: (() => Promise<void>)[] = [];
  const atEnd = (end: () => Promise<void>) => void ends.unshift(end);
  async function end(): Promise<void> {
    for (const each of ends.splice(0)) await each();
  }

  async function run(): Promise<void> {
    const controllers = await untilAnswered(parts, signal, async (attempt) => {
      // What a try that failed has registered must not be in the way of the next.
      metrics = new Registry();
      await end();
      const made: Controller[] = [];
      for (const set of sets)
        made.push(...((await set.controllers?.({ ...parts, cache, metrics, atEnd, giveUp, signal: attempt })) ?? []));
      return made;
    });
    if (!controllers) return;
    election = elected && createLeaderElection({ client, clock, random, log, metrics, ...elected });
    if (signal.aborted) return;
    // Whoever waits for the first lists must not wait for a server that does not answer.
    const stopWaiting = () => {
      if (cache.unsynced.length > 0) cache.stop();
    };
    signal.addEventListener("abort", stopWaiting, { once: true });
    const manager = createManager({ client, clock, random, log, metrics, cache, ...(election && { election }) });
    const running = await manager.add(...controllers).start(signal);
    if (!signal.aborted) {
      log.info("started", { controllers: controllers.map((each) => each.name).join(", ") });
      idle = undefined;
    }
    releaseMemory();
    // Later than the code of the start is read: V8 takes no compiled code that was made with other flags.
    const growths = sets.flatMap(({ heapGrowthPercent }) => heapGrowthPercent ?? []);
    if (growths.length > 0) limitHeapGrowth(Math.min(...growths));
    await running.done;
  }

  return {
    metrics: () => metrics.metrics(),
    alive: async () => (election ? (await election.healthCheck.check()) || undefined : undefined),
    ready: async () => (await cache.healthCheck.check()) || idle,
    done: run().finally(async () => {
      idle = "the controllers have stopped";
      cache.stop();
      await end();
    }),
  };
}
