import { type Clock, sleep } from "@bellows/kube";
import type { HttpAnswer, HttpExchange } from "@bellows/triggers";

/** How a source answers from now on: with a body and a status, or not at all. */
export interface SourceState {
  /** Text, or anything that is sent as JSON. */
  readonly answer?: unknown;
  /** Default 200. */
  readonly status?: number;
  /** `refused`: nobody listens; `silent`: whoever does never answers. */
  readonly down?: "refused" | "silent";
}

/** HTTP servers outside the cluster that triggers ask, with answers that are set: no connection leaves the process. */
export class MetricSources {
  readonly #clock: Clock;
  readonly #states = new Map<string, SourceState>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param url  without a query: whatever is asked there gets the same answer */
  set(url: string, state: SourceState): void {
    this.#states.set(placeOf(url), state);
  }

  readonly exchange: HttpExchange = async ({ url, signal }): Promise<HttpAnswer> => {
    signal.throwIfAborted();
    const place = placeOf(url);
    const { answer = "", status = 200, down } = this.#states.get(place) ?? { down: "refused" };
    if (down === "refused") throw new Error(`GET ${place}: connect ECONNREFUSED`);
    if (down === "silent") {
      await sleep(this.#clock, Number.MAX_SAFE_INTEGER, signal);
      throw new Error(`GET ${place}: ${(signal.reason as Error).message}`);
    }
    const body = typeof answer === "string" ? answer : JSON.stringify(answer);
    return { status, statusText: statusTexts[status] ?? "", body };
  };
}

const statusTexts: Readonly<Record<number, string>> = {
  200: "OK",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
