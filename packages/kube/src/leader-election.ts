import { Lease, type LeaseSpec } from "@bellows/api";
import { Gauge } from "prom-client";
import { isNotFound } from "./api-error.ts";
import type { Client } from "./client.ts";
import { type Clock, type Instant, sleep } from "./clock.ts";
import type { EventRecorder } from "./events.ts";
import type { HealthCheck } from "./health.ts";
import type { Logger } from "./logging.ts";
import type { Election } from "./manager.ts";
import type { Metrics } from "./metrics.ts";
import type { Random } from "./random.ts";
import { microTimestamp } from "./timestamp.ts";

export interface LeaderElectionOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The Lease. */
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process: `<host name>_<uuid>`. */
  readonly identity: string;
  readonly events?: EventRecorder;
  /** Gets `leader_election_master_status`. */
  readonly metrics?: Metrics;
  /** How long others wait for a holder that is silent; default 15 s. */
  readonly leaseDurationMs?: number;
  /** How long the holder tries to renew before it gives up; default 10 s, below `leaseDurationMs`. */
  readonly renewDeadlineMs?: number;
  /** Between two tries; default 2 s. */
  readonly retryPeriodMs?: number;
}

/** client-go spreads the tries of candidates over up to 2.2 times the retry period. */
const acquireJitter = 1.2;
/** How long after its end a Lease that we hold is an error (the components of Kubernetes tolerate as much). */
const overdueMs = 20_000;

/**
 * Leader election by a Lease, compatible with client-go's: either may hold it while the other waits. No times of
 * different machines are compared: a candidate takes over when it has itself watched the Lease stand still for its
 * duration, so that clocks may differ (though not in speed).
 */
export function createLeaderElection(options: LeaderElectionOptions): LeaderElection {
  return new LeaderElection(options);
}

export class LeaderElection implements Election {
  readonly #options: LeaderElectionOptions;
  readonly #leaseMs: number;
  readonly #deadlineMs: number;
  readonly #retryMs: number;
  readonly #status: { set(value: number): void } | undefined;
  /** The Lease as last seen or written, and when that was by our clock. */
  #observed: Lease | undefined;
  #observedAt: Instant = Number.NEGATIVE_INFINITY;
  #reportedHolder = "";

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseDurationMs ?? 15_000;
    this.#deadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryPeriodMs ?? 2_000;
    if (this.#leaseMs <= this.#deadlineMs) {
      throw new RangeError(`renewDeadlineMs: ${this.#deadlineMs}, expected below leaseDurationMs ${this.#leaseMs}`);
    }
    if (this.#deadlineMs <= this.#retryMs * acquireJitter) {
      throw new RangeError(`retryPeriodMs: ${this.#retryMs}, expected below ${this.#deadlineMs / acquireJitter}`);
    }
    this.#status = options.metrics && masterStatus(options.metrics, options.name);
    this.#status?.set(0);
  }

  /** The holder as last seen; "" before the first look, or where nobody holds the Lease. */
  get holder(): string {
    return this.#observed?.spec?.holderIdentity ?? "";
  }

  get leading(): boolean {
    return this.holder === this.#options.identity && this.#isValid(this.#options.clock.now());
  }

  /** Fails where we hold the Lease by name but have not renewed it for long: this process hangs and should be ended. */
  get healthCheck(): HealthCheck {
    return {
      name: "leaderElection",
      check: () => {
        const { clock, identity, name } = this.#options;
        if (this.holder !== identity || clock.now() - this.#observedAt <= this.#leaseMs + overdueMs) return undefined;
        return `failed election to renew leadership on lease ${name}`;
      },
    };
  }

  /**
   * Campaigns until elected or `signal` aborts, then runs `lead` once. Its signal aborts when the Lease could not be
   * renewed in time, or with `signal`; the Lease is released only after `lead` has ended, since until then it may act.
   */
  async run(signal: AbortSignal, lead: (leading: AbortSignal) => Promise<void>): Promise<void> {
    const { log, identity } = this.#options;
    log.info("attempting to acquire leader lease", this.#lock());
    if (!(await this.#acquire(signal))) return;
    log.info("successfully acquired lease", { ...this.#lock(), identity });
    this.#recordEvent("became leader");
    this.#status?.set(1);
    const leading = new AbortController();
    const led = lead(leading.signal);
    // A lead that fails is over: the Lease goes to whoever can do better.
    const over = new AbortController();
    const ended = led.then(
      () => over.abort(),
      () => over.abort(),
    );
    let lost = await this.#renew(AbortSignal.any([signal, over.signal]));
    this.#status?.set(0);
    if (lost) log.error("leader election lost", { ...this.#lock(), identity });
    leading.abort();
    // What is at work ends under our Lease, or another would begin beside it.
    lost ||= await this.#renew(over.signal);
    await ended;
    if (!lost) await this.#release();
    this.#recordEvent("stopped leading");
    await this.#options.events?.flush();
    await led;
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, random } = this.#options;
    while (!signal.aborted) {
      const acquired = await this.#tryAcquireOrRenew();
      this.#reportHolder();
      if (acquired) return true;
      await sleep(clock, this.#retryMs * (1 + acquireJitter * random.next()), signal);
    }
    return false;
  }

  /** Renews until `signal` aborts. @returns true where the Lease was lost instead */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    for (;;) {
      const deadline = clock.now() + this.#deadlineMs;
      for (;;) {
        await sleep(clock, Math.min(this.#retryMs, deadline - clock.now()), signal);
        if (signal.aborted) return false;
        if (await this.#withinDeadline(this.#tryAcquireOrRenew(), deadline, signal)) break;
        this.#reportHolder();
        if (signal.aborted) return false;
        if (clock.now() >= deadline || (this.holder !== "" && this.holder !== this.#options.identity)) return true;
      }
    }
  }

  /** False at the deadline even where no answer has come: a request may hang for longer than the Lease is ours. */
  async #withinDeadline(attempt: Promise<boolean>, deadline: Instant, signal: AbortSignal): Promise<boolean> {
    const waiting = new AbortController();
    const timer = sleep(
      this.#options.clock,
      deadline - this.#options.clock.now(),
      AbortSignal.any([signal, waiting.signal]),
    ).then(() => false);
    try {
      return await Promise.race([attempt, timer]);
    } finally {
      waiting.abort();
    }
  }

  async #tryAcquireOrRenew(): Promise<boolean> {
    const { clock, log } = this.#options;
    // Optimistic: while it is ours, nobody else has written it.
    if (this.leading && this.#observed) {
      try {
        return await this.#write(this.#observed, this.#record(this.#observed.spec, clock.now()));
      } catch (error) {
        log.debug("failed to update lease optimistically", { ...this.#lock(), error: String(error) });
      }
    }
    try {
      return await this.#tryFromServer();
    } catch (error) {
      log.warn("failed to acquire or renew lease", { ...this.#lock(), error: String(error) });
      return false;
    }
  }

  async #tryFromServer(): Promise<boolean> {
    const { client, clock, identity, namespace, name } = this.#options;
    let current: Lease;
    try {
      current = await client.get(Lease, { namespace, name });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const spec = this.#record(undefined, clock.now());
      this.#observe(await client.create(Lease, { metadata: { namespace, name }, spec }));
      return true;
    }
    if (current.metadata.resourceVersion !== this.#observed?.metadata.resourceVersion) this.#observe(current);
    const now = clock.now();
    if (this.holder !== "" && this.holder !== identity && this.#isValid(now)) return false;
    return this.#write(current, this.#record(current.spec, now));
  }

  async #write(current: Lease, spec: LeaseSpec): Promise<boolean> {
    this.#observe(await this.#options.client.update(Lease, { ...current, spec: { ...current.spec, ...spec } }));
    return true;
  }

  #record(before: LeaseSpec | undefined, now: Instant): LeaseSpec {
    const { identity } = this.#options;
    const renewed = before?.holderIdentity === identity;
    const transitions = before?.leaseTransitions ?? 0;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.floor(this.#leaseMs / 1000),
      acquireTime: (renewed && before.acquireTime) || microTimestamp(now),
      renewTime: microTimestamp(now),
      leaseTransitions: before === undefined ? 0 : renewed ? transitions : transitions + 1,
    };
  }

  /** Lets the next candidate take it at once. */
  async #release(): Promise<void> {
    const { client, clock, identity, namespace, name, log } = this.#options;
    try {
      const current = await client.get(Lease, { namespace, name });
      if (current.spec?.holderIdentity !== identity) return;
      const now = microTimestamp(clock.now());
      const spec = { ...current.spec, holderIdentity: "", leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
      this.#observe(await client.update(Lease, { ...current, spec }));
    } catch (error) {
      log.warn("failed to release lease", { ...this.#lock(), error: String(error) });
    }
  }

  #observe(observed: Lease): void {
    this.#observed = observed;
    this.#observedAt = this.#options.clock.now();
  }

  #isValid(now: Instant): boolean {
    return this.#observedAt + (this.#observed?.spec?.leaseDurationSeconds ?? 0) * 1000 > now;
  }

  #reportHolder(): void {
    if (this.holder === this.#reportedHolder) return;
    this.#reportedHolder = this.holder;
    if (this.holder !== "" && this.holder !== this.#options.identity) {
      this.#options.log.info("new leader elected", { ...this.#lock(), holder: this.holder });
    }
  }

  #recordEvent(what: string): void {
    const { events, identity } = this.#options;
    if (!this.#observed) return;
    const regarding = { ...this.#observed, apiVersion: Lease.apiVersion, kind: Lease.kind };
    events?.record(regarding, { type: "Normal", reason: "LeaderElection", message: `${identity} ${what}` });
  }

  #lock(): { lock: string } {
    return { lock: `${this.#options.namespace}/${this.#options.name}` };
  }
}

function masterStatus(metrics: Metrics, name: string): { set(value: number): void } {
  const metric = "leader_election_master_status";
  const known = metrics.getSingleMetric(metric) as Gauge<"name"> | undefined;
  const help =
    "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease.";
  return (known ?? new Gauge({ name: metric, help, labelNames: ["name"], registers: [metrics] })).labels(name);
}
