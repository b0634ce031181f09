import { Backoff, type ControllerContext, sleep } from "@bellows/kube";
import type { Http } from "../http-client.ts";
import type { CloudEventMetrics } from "../metrics.ts";
import { messageOf } from "../scalers/index.ts";
import { cloudEventRequest, type Happening, type Origin } from "./cloud-event.ts";

/** Events that wait for one destination; a further one is dropped. As upstream's channel. */
const mostWaiting = 1024;
/** How often one event is tried again before it is dropped, as upstream. */
const mostRetries = 5;
const backoffOfRetries = { baseMs: 1_000, maxMs: 30_000, factor: 2, jitter: 0.1, resetAfterMs: 60_000 };

export interface SenderOptions {
  readonly source: string;
  readonly uri: string;
  readonly origin: Origin;
  readonly http: Http;
  readonly metrics: CloudEventMetrics | undefined;
  /** Told when sending begins to fail (why), and when it works again (undefined). */
  readonly changed: (problem: string | undefined) => void;
}

/** Sends events to one destination, in their order. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #context: Pick<ControllerContext, "clock" | "random" | "log" | "signal">;
  readonly #ending = new AbortController();
  readonly #waiting: Happening[] = [];
  #isSending = false;
  #problem: string | undefined;

  constructor(options: SenderOptions, context: Pick<ControllerContext, "clock" | "random" | "log" | "signal">) {
    this.#options = options;
    this.#context = context;
  }

  /** Whether events get through, as far as is known. */
  get problem(): string | undefined {
    return this.#problem;
  }

  send(happening: Happening): void {
    const { source, metrics } = this.#options;
    if (this.#waiting.length >= mostWaiting) {
      this.#context.log.warn("dropped a CloudEvent, too many wait to be sent", { source, type: happening.type });
      metrics?.sent(happening.namespace, source, "failed");
      return;
    }
    this.#waiting.push(happening);
    metrics?.queued(happening.namespace, 1);
    if (!this.#isSending) void this.#sendAll();
  }

  close(): void {
    this.#ending.abort();
    for (const { namespace } of this.#waiting.splice(0)) this.#options.metrics?.queued(namespace, -1);
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#ending;
    this.#isSending = true;
    for (let next = this.#waiting[0]; next && !signal.aborted; next = this.#waiting[0]) {
      await this.#sendOne(next);
      // Closing has emptied the list already.
      if (signal.aborted) break;
      this.#waiting.shift();
      this.#options.metrics?.queued(next.namespace, -1);
    }
    this.#isSending = false;
  }

  async #sendOne(happening: Happening): Promise<void> {
    const { source, metrics, changed } = this.#options;
    const { clock, random, log, signal } = this.#context;
    const ending = AbortSignal.any([this.#ending.signal, signal]);
    const backoff = new Backoff(backoffOfRetries, clock, random);
    // Where the destination is known to fail, each event is one try: they must not pile up behind each other.
    const retries = this.#problem === undefined ? mostRetries : 0;
    for (let tries = 0; !ending.aborted; tries++) {
      const problem = await this.#post(happening);
      metrics?.sent(happening.namespace, source, problem === undefined ? "emitted" : "failed");
      if (problem === undefined || tries === retries) {
        if (problem !== undefined)
          log.warn("a CloudEvent could not be sent", { source, type: happening.type, problem });
        if ((problem === undefined) !== (this.#problem === undefined)) {
          this.#problem = problem;
          changed(problem);
        }
        return;
      }
      await sleep(clock, backoff.nextMs(), ending);
    }
  }

  /** What went wrong, if anything did. */
  async #post(happening: Happening): Promise<string | undefined> {
    const { uri, origin, http } = this.#options;
    try {
      const { status } = await http({ method: "POST", url: uri, ...cloudEventRequest(happening, origin) });
      return status >= 200 && status < 300 ? undefined : `POST ${uri}: the server answered ${status}`;
    } catch (error) {
      return messageOf(error);
    }
  }
}
