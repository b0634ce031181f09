import { type Client, type Clock, type HealthCheck, type Logger, type Metrics, sleep } from "@bellows/kube";
import { Gauge } from "prom-client";
import { type FoundNeighbour, findNeighbours } from "./find-neighbours.ts";
import { cheap, scopeOf, survey } from "./survey.ts";

export interface WatchNeighboursOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Names of the controllers of this process that write to the cluster. */
  readonly controllers: readonly string[];
  /** Tells the cluster's users: an Event. */
  readonly tell: (type: "Normal" | "Warning", reason: string, message: string) => void;
  readonly signal: AbortSignal;
}

/** Which controllers may act, from one look to the next that finds something else. */
export interface Turn {
  /** None: the process is to end. */
  readonly free: readonly string[];
  /** Aborts when others may act, or the process is to end. */
  readonly signal: AbortSignal;
}

export interface NeighbourWatch {
  /** Waits while no controller may act. */
  turn(): Promise<Turn>;
  /** Holds while at least one controller may act. */
  readonly healthCheck: HealthCheck;
}

/** Why a turn ended: a neighbour came or went, and others may act now. */
export class TurnOver extends Error {
  override readonly name = "TurnOver";
  /** Controllers that stand by from now on: they give back what a neighbour takes over. */
  readonly blocked: readonly string[];

  constructor(reason: string, blocked: readonly string[]) {
    super(reason);
    this.blocked = blocked;
  }
}

const lookMs = 30_000;
/** Kinds of which a cluster may have thousands are looked at each so many looks, while all may act. */
const fullLookEvery = 10;

/**
 * Keeps looking for upstream operators of `controllers`: two that decide over one object undo each other's work, so that
 * ours stands by while another acts, also one that comes later, and takes over when it is gone. What is found is
 * logged, told as an Event and measured once for each change.
 */
export function watchNeighbours(options: WatchNeighboursOptions): NeighbourWatch {
  const { client, clock, log, controllers, tell, signal } = options;
  const scope = scopeOf(controllers);
  const standing = new Gauge({
    name: "bellows_standing_by",
    help: "1 for each controller that stands by because another autoscaler acts on the same objects.",
    labelNames: ["controller", "neighbour"],
    registers: [options.metrics],
  });
  let problem: string | undefined = "no look at the cluster yet";
  let free: readonly string[] = [];
  let reason = "";
  let ended = new AbortController();
  let waiting = Promise.withResolvers<void>();
  const told = new Set<string>();

  function once(key: string, say: () => void): void {
    if (told.has(key)) return;
    told.add(key);
    say();
  }

  function found(neighbours: readonly FoundNeighbour[]): void {
    const rivals = neighbours.filter(({ rivals }) => rivals.some((rival) => controllers.includes(rival)));
    for (const { name, evidence, fix } of rivals.filter(({ live }) => !live))
      once(name, () => log.warn("left over by another autoscaler", { name, evidence: evidence.join("; "), fix }));
    const live = rivals.filter((each) => each.live);
    standing.reset();
    for (const { name, rivals } of live)
      for (const controller of rivals) standing.set({ controller, neighbour: name }, 1);
    const now = controllers.filter((each) => !live.some(({ rivals }) => rivals.includes(each)));
    const before = reason;
    reason = live.map(({ name, evidence, fix }) => `${name} acts here (${evidence.join("; ")}): ${fix}`).join(". ");
    const blocked = controllers.filter((each) => !now.includes(each));
    if (reason !== "" && reason !== before) {
      log.warn("standing by", { controllers: blocked.join(", "), reason, override: "--ignore-neighbours" });
      // The evidence may change from look to look (who holds a Lease); users are told when the state does.
      if (before === "") tell("Warning", "StandingBy", `${blocked.join(", ")}: ${reason}`);
    }
    if (reason === "" && before !== "") {
      log.info("taking over: the other autoscaler is gone", { controllers: now.join(", ") });
      tell("Normal", "TakingOver", `${now.join(", ")}: no other autoscaler acts here any more`);
    }
    if (problem === undefined && now.join() === free.join()) return;
    problem = undefined;
    free = now;
    ended.abort(new TurnOver(reason || "the other autoscaler is gone", blocked));
    ended = new AbortController();
    waiting.resolve();
    waiting = Promise.withResolvers();
  }

  async function look(full: boolean): Promise<void> {
    try {
      const { surroundings, unseen } = await survey(client, full ? scope : cheap(scope));
      for (const kind of unseen)
        once(kind, () => log.warn("other autoscalers may go unnoticed: no permission to read", { kind }));
      found(findNeighbours(surroundings, clock.now()));
    } catch (error) {
      // Whoever acts goes on: that the API server is away says nothing about neighbours.
      problem &&= `no look at the cluster yet: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  void (async () => {
    for (let count = 0; !signal.aborted; count++) {
      await look(free.length < controllers.length || count % fullLookEvery === 0);
      await sleep(clock, lookMs, signal);
    }
  })();
  // A look under way may wait long for its answer.
  signal.addEventListener("abort", () => waiting.resolve(), { once: true });

  return {
    async turn() {
      while (free.length === 0 && !signal.aborted) await waiting.promise;
      return { free: signal.aborted ? [] : free, signal: AbortSignal.any([signal, ended.signal]) };
    },
    healthCheck: {
      name: "neighbours",
      check() {
        if (free.length > 0) return undefined;
        return `standing by: ${problem ?? reason}; --ignore-neighbours acts all the same`;
      },
    },
  };
}
