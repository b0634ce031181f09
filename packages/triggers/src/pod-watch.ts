import { type Labels, Pod } from "@bellows/api";
import type { Client, WatchEvent } from "@bellows/kube";

/** What is kept of a pod that has not ended. */
export interface WatchedPod {
  readonly labels: Labels | undefined;
  readonly nodeName: string | undefined;
}

/** Told which pod has changed: undefined before for a new one, after for one that is gone or has ended. */
export type PodChanged = (before: WatchedPod | undefined, after: WatchedPod | undefined) => void;

/** The pods of a namespace, by one watch that is open while anybody follows it. */
export class PodWatch {
  readonly #client: Client;
  readonly #namespace: string;
  readonly #followers = new Set<PodChanged>();
  #pods: Map<string, WatchedPod> | undefined;
  #session: { readonly stopping: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(client: Client, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** The pods that have not ended; undefined while no watch tells of changes. */
  get pods(): Iterable<WatchedPod> | undefined {
    return this.#pods?.values();
  }

  /**
   * Tells of changes until `signal` aborts (resolves) or the watch is over, which resolves or rejects: who wants more
   * calls again. A pod that was there at the start is told of as new.
   */
  async follow(changed: PodChanged, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const aborted = Promise.withResolvers<void>();
    const abort = () => aborted.resolve();
    signal.addEventListener("abort", abort, { once: true });
    // Of its own for each call, as the same function may follow twice.
    const follower: PodChanged = (before, after) => changed(before, after);
    this.#followers.add(follower);
    for (const pod of this.#pods?.values() ?? []) follower(undefined, pod);
    const session = (this.#session ??= this.#begin());
    try {
      await Promise.race([session.ended, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
      this.#followers.delete(follower);
      if (this.#followers.size === 0) this.#session?.stopping.abort();
    }
  }

  #begin() {
    const stopping = new AbortController();
    const ended = this.#run(stopping.signal);
    const session = { stopping, ended };
    const forget = () => {
      if (this.#session !== session) return;
      this.#session = undefined;
      this.#pods = undefined;
    };
    stopping.signal.addEventListener("abort", forget, { once: true });
    ended.then(forget, forget);
    return session;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const resourceVersion = await this.#list(signal);
    if (signal.aborted) return;
    const ended = Promise.withResolvers<void>();
    const handle = this.#client.watch<Pod>(Pod, {
      namespace: this.#namespace,
      resourceVersion,
      event: (event) => {
        if (!signal.aborted) this.#apply(event as unknown as WatchEvent<Pod>);
      },
      end: (error) => (error === undefined ? ended.resolve() : ended.reject(error)),
    });
    const stop = () => {
      handle.stop();
      ended.resolve();
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    await ended.promise;
  }

  /** Page by page, so that only so many whole pods are in memory. */
  async #list(signal: AbortSignal): Promise<string> {
    const pods = new Map<string, WatchedPod>();
    for (let next: string | undefined; ; ) {
      const options = { namespace: this.#namespace, limit: 500, ...(next !== undefined && { continue: next }) };
      const page = await this.#client.list<Pod>(Pod, options);
      for (const pod of page.items) if (!hasEnded(pod)) pods.set(pod.metadata.name, watched(pod));
      next = page.continue || undefined;
      if (next !== undefined) continue;
      if (signal.aborted) return page.resourceVersion;
      this.#pods = pods;
      for (const pod of pods.values()) this.#tell(undefined, pod);
      return page.resourceVersion;
    }
  }

  #apply(event: WatchEvent<Pod>): void {
    if (event.type === "BOOKMARK" || !this.#pods) return;
    const { name } = event.object.metadata;
    const before = this.#pods.get(name);
    const after = event.type === "DELETED" || hasEnded(event.object) ? undefined : watched(event.object);
    if (after) this.#pods.set(name, after);
    else this.#pods.delete(name);
    if (before || after) this.#tell(before, after);
  }

  #tell(before: WatchedPod | undefined, after: WatchedPod | undefined): void {
    for (const follower of this.#followers) follower(before, after);
  }
}

const watches = new WeakMap<Client, Map<string, PodWatch>>();

/** The watch of a namespace's pods that all who use a client share. */
export function podWatch(client: Client, namespace: string): PodWatch {
  const byNamespace = watches.get(client) ?? new Map<string, PodWatch>();
  watches.set(client, byNamespace);
  const known = byNamespace.get(namespace) ?? new PodWatch(client, namespace);
  byNamespace.set(namespace, known);
  return known;
}

/** Whether it has run to its end; such pods take no room. */
export const hasEnded = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

export const watched = ({ metadata, spec }: Pod): WatchedPod => ({
  labels: metadata.labels,
  nodeName: spec?.nodeName || undefined,
});
