import { type Client, type Clock, type HealthCheck, type Logger, sleep } from "@bellows/kube";
import { findNeighbours } from "./find-neighbours.ts";
import { survey } from "./survey.ts";

export interface StandByOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  /** Names of the controllers that are about to act. */
  readonly controllers: readonly string[];
  readonly signal: AbortSignal;
}

const lookAgainMs = 30_000;

/**
 * Waits while the upstream operator of one of `controllers` acts in the cluster: two that decide over one object undo
 * each other's work. It is logged once for each state, and keeps the process from being ready.
 */
export function standBy({ client, clock, log, controllers, signal }: StandByOptions): {
  readonly clear: Promise<void>;
  readonly healthCheck: HealthCheck;
} {
  let reason: string | undefined = "looking for other autoscalers";
  let logged = "";
  async function look(): Promise<string | undefined> {
    try {
      const { surroundings, unseen } = await survey(client);
      if (unseen.length > 0) log.warn("other autoscalers may go unnoticed: no permission to list", { kinds: unseen });
      const rivals = findNeighbours(surroundings, clock.now()).filter(
        (each) => each.live && each.rivals.some((rival) => controllers.includes(rival)),
      );
      if (rivals.length === 0) return undefined;
      return rivals.map(({ name, evidence, fix }) => `${name} acts here (${evidence.join("; ")}): ${fix}`).join(". ");
    } catch (error) {
      return `no look at the cluster yet: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  async function untilClear(): Promise<void> {
    while (!signal.aborted) {
      reason = await look();
      if (reason === undefined) return;
      if (reason !== logged) {
        log.warn("standing by", { controllers: controllers.join(", "), reason, override: "--ignore-neighbours" });
      }
      logged = reason;
      await sleep(clock, lookAgainMs, signal);
    }
  }
  return {
    clear: untilClear(),
    healthCheck: {
      name: "neighbours",
      check: () => reason && `standing by: ${reason}; --ignore-neighbours acts all the same`,
    },
  };
}
