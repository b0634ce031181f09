import type { KubernetesObject } from "@bellows/api";
import { ApiError, isGone } from "./api-error.ts";
import { Backoff } from "./backoff.ts";
import type { Client, ListOptions, ObjectKey, WatchEvent } from "./client.ts";
import { type Clock, sleep } from "./clock.ts";
import { type Informer, type InformerHandler, type InformerOptions, keyOf, keyOfText, keyText } from "./informer.ts";
import { InformerStore } from "./informer-store.ts";
import { errorMessage } from "./json-logger.ts";
import type { Logger } from "./logging.ts";
import type { Random } from "./random.ts";
import { compareResourceVersions } from "./resource-version.ts";

/** As client-go's reflector waits. */
const retries = { baseMs: 800, maxMs: 30_000, factor: 2, jitter: 1, resetAfterMs: 120_000 };

/** A watch that ended sooner, without having delivered anything, counts as a failure: the next one waits. */
const shortWatchMs = 1_000;

/** Paged lists that expired midway before one is asked for whole, which cannot expire. */
const maxExpiredLists = 3;

export function createInformer<T extends KubernetesObject, P = T>(
  client: Client,
  clock: Clock,
  random: Random,
  log: Logger,
  options: InformerOptions<T, P>,
): Informer<P> {
  return new ListWatchInformer(client, clock, random, log, options);
}

interface Waiter {
  readonly resourceVersion: string;
  readonly resolve: () => void;
}

class ListWatchInformer<T extends KubernetesObject, P> implements Informer<P> {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #options: InformerOptions<T, P>;
  readonly #backoff: Backoff;
  readonly #store: InformerStore<P>;
  readonly #handlers: InformerHandler<P>[] = [];
  readonly #stopping = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  #waiters: Waiter[] = [];
  /** By key text: those who wait for an item to change. */
  readonly #changeWaiters = new Map<string, (() => void)[]>();
  /** All that happened up to here is in the store. */
  #resourceVersion = "";
  #isSynced = false;
  #started = false;

  constructor(client: Client, clock: Clock, random: Random, log: Logger, options: InformerOptions<T, P>) {
    this.#client = client;
    this.#clock = clock;
    this.#log = log.child({ kind: options.kind.kind });
    this.#options = options;
    this.#backoff = new Backoff(retries, clock, random);
    this.#store = new InformerStore(options.indexes ?? {}, (text, before, after) => this.#changed(text, before, after));
  }

  get synced(): boolean {
    return this.#isSynced;
  }

  get size(): number {
    return this.#store.size;
  }

  start(): Promise<void> {
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    }
    return this.#synced.promise;
  }

  stop(): void {
    this.#stopping.abort();
    this.#synced.resolve();
    for (const { resolve } of this.#waiters.splice(0)) resolve();
    for (const text of [...this.#changeWaiters.keys()]) this.#releaseChangeWaiters(text);
  }

  get(key: ObjectKey): P | undefined {
    return this.#store.get(keyText(key));
  }

  values(): Iterable<P> {
    return this.#store.values();
  }

  inNamespace(namespace: string): readonly P[] {
    return this.#store.inNamespace(namespace);
  }

  indexed(name: string, value: string): readonly P[] {
    return this.#store.indexed(name, value);
  }

  handle(handler: InformerHandler<P>): void {
    this.#handlers.push(handler);
    for (const [text, item] of [...this.#store.entries()]) this.#call(handler, keyOfText(text), undefined, item);
  }

  seen(resourceVersion: string): Promise<void> {
    if (this.#stopping.signal.aborted || compareResourceVersions(resourceVersion, this.#resourceVersion) <= 0) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiters.push({ resourceVersion, resolve }));
  }

  changedFrom(key: ObjectKey, item: P): Promise<void> {
    const text = keyText(key);
    if (this.#stopping.signal.aborted || this.#store.get(text) !== item) return Promise.resolve();
    return new Promise((resolve) => {
      const waiters = this.#changeWaiters.get(text);
      if (waiters) waiters.push(resolve);
      else this.#changeWaiters.set(text, [resolve]);
    });
  }

  #releaseChangeWaiters(text: string): void {
    const waiters = this.#changeWaiters.get(text);
    this.#changeWaiters.delete(text);
    for (const resolve of waiters ?? []) resolve();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    /** Watches since the last list; 0 before it. */
    let watches = 0;
    let mustList = true;
    while (!signal.aborted) {
      try {
        if (mustList) await this.#list();
        if (mustList) watches = 0;
        mustList = false;
        if (signal.aborted) return;
        watches++;
        if (await this.#watch(this.#resourceVersion)) continue;
      } catch (error) {
        if (signal.aborted) return;
        if (isTooOld(error) && !mustList) {
          mustList = true;
          const from = { "resource-version": this.#resourceVersion };
          this.#log.debug("listing again, the resource version is too old", from);
          // Not at once where even the version of a new list is: that could go on for ever.
          if (watches > 1) continue;
        } else {
          this.#log.warn(mustList ? "list failed" : "watch failed", { error: errorMessage(error) });
        }
      }
      await sleep(this.#clock, this.#backoff.nextMs(), signal);
    }
  }

  async #list(): Promise<void> {
    const { kind, pageSize = 500, ...options } = this.#options;
    const selection = selectionOf(options);
    for (let expired = 0; ; ) {
      const limit = expired < maxExpiredLists ? pageSize : undefined;
      this.#store.listBegins();
      try {
        for (let next: string | undefined; ; ) {
          const page = await this.#client.list(kind, {
            ...selection,
            ...(limit && { limit }),
            ...(next && { continue: next }),
          });
          if (this.#stopping.signal.aborted) return;
          for (const object of page.items) {
            const { resourceVersion = "" } = object.metadata;
            this.#store.listed(keyText(keyOf(object)), resourceVersion, () => this.#project(object));
          }
          next = page.continue;
          if (next) continue;
          this.#store.listEnds();
          this.#isSynced = true;
          this.#synced.resolve();
          // Set, not raised: a server that was restored from a backup counts from an earlier version on.
          this.#resourceVersion = page.resourceVersion;
          this.#reached(page.resourceVersion);
          return;
        }
      } catch (error) {
        if (!isGone(error) || limit === undefined) throw error;
        expired++;
      }
    }
  }

  /** Follows a watch to its end. Throws what it ended with; says whether it was of use. */
  async #watch(from: string): Promise<boolean> {
    const { kind, ...options } = this.#options;
    const { signal } = this.#stopping;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const startedAt = this.#clock.now();
    let delivered = false;
    const handle = this.#client.watch<T>(kind, {
      ...selectionOf(options),
      resourceVersion: from,
      event: (event) => {
        if (!delivered) this.#backoff.reset();
        delivered = true;
        this.#event(event as unknown as WatchEvent<T>);
      },
      end: (error) => (error === undefined ? resolve() : reject(error)),
    });
    const stop = () => {
      handle.stop();
      resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", stop);
    }
    return delivered || this.#clock.now() - startedAt >= shortWatchMs;
  }

  #event(event: WatchEvent<T>): void {
    if (this.#stopping.signal.aborted) return;
    if (event.type === "BOOKMARK") {
      this.#reached(event.resourceVersion);
      return;
    }
    const { object } = event;
    const text = keyText(keyOf(object));
    const { resourceVersion = "" } = object.metadata;
    if (event.type === "DELETED") this.#store.delete(text);
    else this.#store.put(text, resourceVersion, () => this.#project(object));
    this.#reached(resourceVersion);
  }

  #project(object: T): P {
    const { project } = this.#options;
    return project ? Object.freeze(project(object)) : (object as unknown as P);
  }

  #reached(resourceVersion: string): void {
    if (compareResourceVersions(resourceVersion, this.#resourceVersion) > 0) this.#resourceVersion = resourceVersion;
    if (this.#waiters.length === 0) return;
    const reached = ({ resourceVersion }: Waiter) =>
      compareResourceVersions(resourceVersion, this.#resourceVersion) <= 0;
    const done = this.#waiters.filter(reached);
    if (done.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !reached(waiter));
    for (const { resolve } of done) resolve();
  }

  #changed(text: string, before: P | undefined, after: P | undefined): void {
    if (this.#changeWaiters.size > 0) this.#releaseChangeWaiters(text);
    if (this.#handlers.length === 0) return;
    const key = keyOfText(text);
    for (const handler of this.#handlers) this.#call(handler, key, before, after);
  }

  #call(handler: InformerHandler<P>, key: ObjectKey, before: P | undefined, after: P | undefined): void {
    try {
      handler.changed(key, before, after);
    } catch (error) {
      this.#log.error("informer handler failed", { key: keyText(key), error: errorText(error) });
    }
  }
}

const errorText = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Only a new list helps: the history is gone, or the server's (restored from a backup) has not got so far. */
const isTooOld = (error: unknown): boolean =>
  isGone(error) ||
  (error instanceof ApiError && error.causes.some((cause) => cause.reason === "ResourceVersionTooLarge"));

function selectionOf({ namespace, labelSelector, fieldSelector }: ListOptions): ListOptions {
  return {
    ...(namespace && { namespace }),
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
  };
}
