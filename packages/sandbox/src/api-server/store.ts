import { deepFreeze } from "@bellows/kube";
import { type ApiObject, withMetadata } from "./api-object.ts";
import { SortedKeys } from "./sorted-keys.ts";
import { type StoredEvent, WatchHistory } from "./watch-history.ts";

/** Told of every change, in order, in a microtask after the write. */
export interface Subscriber {
  event(event: StoredEvent): void;
  /** Nothing more comes: the subscriber fell out of the history, or its resource is gone. */
  gone(): void;
}

/** Where changes are written down; none in a virtual run. Called within the write, before anybody is told. */
export interface Journal {
  write(collection: string, event: StoredEvent): void;
}

export interface StoreOptions {
  /** Changes that each resource remembers for watches and for consistent pages. */
  readonly historyCapacity?: number;
  readonly journal?: Journal;
}

interface PendingEvent {
  readonly collection: Collection;
  readonly event: StoredEvent;
}

/** 8192 changes: at 5,000 pods with some changes each, more than an informer needs to list and start its watch. */
const defaultHistoryCapacity = 8192;

/**
 * Every object of the cluster, by resource, in memory. One counter versions all of them, as in etcd. What is stored is
 * frozen and shared with every reader.
 */
export class Store {
  readonly #collections = new Map<string, Collection>();
  readonly #historyCapacity: number;
  #journal: Journal | undefined;
  #revision = 1;
  #pending: PendingEvent[] = [];
  #draining = false;

  constructor(options: StoreOptions = {}) {
    this.#historyCapacity = options.historyCapacity ?? defaultHistoryCapacity;
    this.#journal = options.journal;
  }

  /** The version of the last change. */
  get revision(): number {
    return this.#revision;
  }

  /** From now on changes are written down in `journal`. */
  keepIn(journal: Journal): void {
    this.#journal = journal;
  }

  collection(name: string): Collection {
    let collection = this.#collections.get(name);
    if (!collection) {
      collection = new Collection(this, name, new WatchHistory(this.#historyCapacity, this.#revision));
      this.#collections.set(name, collection);
    }
    return collection;
  }

  collections(): Iterable<Collection> {
    return this.#collections.values();
  }

  /** Takes objects back as they were saved, without events. Only before the first change. */
  restore(revision: number, objects: Iterable<readonly [collection: string, key: string, object: ApiObject]>): void {
    this.#revision = Math.max(this.#revision, revision);
    for (const [name, key, object] of objects) this.collection(name).restore(key, object);
    for (const collection of this.#collections.values()) collection.history.compact(this.#revision);
  }

  /** Forgets the history: watches and pages from before get 410, as after a compaction of etcd. */
  compact(): void {
    for (const collection of this.#collections.values()) collection.history.compact(this.#revision);
  }

  /** @internal */
  next(): number {
    return ++this.#revision;
  }

  /** @internal */
  publish(collection: Collection, event: StoredEvent): void {
    this.#journal?.write(collection.name, event);
    collection.history.add(event);
    if (collection.subscribers.size === 0) return;
    this.#pending.push({ collection, event });
    if (this.#draining) return;
    this.#draining = true;
    queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    // Index loop: a subscriber may write, and what it writes joins the end of the same queue.
    for (let index = 0; index < this.#pending.length; index++) {
      const { collection, event } = this.#pending[index] as PendingEvent;
      for (const [subscriber, from] of collection.subscribers) if (event.revision > from) subscriber.event(event);
    }
    this.#pending = [];
    this.#draining = false;
  }
}

/** The objects of one resource. */
export class Collection {
  readonly name: string;
  readonly history: WatchHistory;
  /** @internal Each with the version from which it wants to be told. */
  readonly subscribers = new Map<Subscriber, number>();
  readonly #store: Store;
  readonly #objects = new Map<string, ApiObject>();
  readonly #keys = new SortedKeys();

  constructor(store: Store, name: string, history: WatchHistory) {
    this.#store = store;
    this.name = name;
    this.history = history;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): ApiObject | undefined {
    return this.#objects.get(key);
  }

  /** Objects whose key starts with `prefix` (`default/`; empty for all), in key order. */
  list(prefix = "", after = ""): ApiObject[] {
    const result: ApiObject[] = [];
    const keys = this.#keys;
    let index = keys.indexOf(after > prefix ? after : prefix);
    if (after && index < keys.length && keys.at(index) === after) index++;
    for (; index < keys.length; index++) {
      const key = keys.at(index);
      if (!key.startsWith(prefix)) break;
      result.push(this.#objects.get(key) as ApiObject);
    }
    return result;
  }

  /**
   * What `list` would have answered when the store was at `revision`; undefined where the history no longer reaches
   * back that far. O(objects + changes since).
   */
  listAt(revision: number, prefix = "", after = ""): ApiObject[] | undefined {
    const changes = this.history.since(revision);
    if (!changes) return undefined;
    if (changes.length === 0) return this.list(prefix, after);
    const past = new Map<string, ApiObject | undefined>();
    for (const change of changes) {
      if (change.key.startsWith(prefix) && !past.has(change.key)) past.set(change.key, change.before);
    }
    if (past.size === 0) return this.list(prefix, after);
    const keys = new Set([...past.keys()]);
    const current = this.list(prefix, after);
    const merged: [string, ApiObject][] = [];
    for (const object of current) {
      const key = keyOf(object);
      if (!keys.has(key)) merged.push([key, object]);
    }
    for (const [key, object] of past) if (object && (!after || key > after)) merged.push([key, object]);
    return merged.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, object]) => object);
  }

  /** @returns the stored object, with its version; the caller has made sure that there is none yet */
  create(key: string, object: ApiObject): ApiObject {
    const revision = this.#store.next();
    const stored = versioned(object, revision);
    this.#objects.set(key, stored);
    this.#keys.add(key);
    this.#store.publish(this, { type: "ADDED", key, object: stored, before: undefined, revision });
    return stored;
  }

  replace(key: string, object: ApiObject): ApiObject {
    const before = this.#objects.get(key) as ApiObject;
    const revision = this.#store.next();
    const stored = versioned(object, revision);
    this.#objects.set(key, stored);
    this.#store.publish(this, { type: "MODIFIED", key, object: stored, before, revision });
    return stored;
  }

  /** @returns the object as the deletion's event carries it */
  remove(key: string, last?: ApiObject): ApiObject {
    const before = this.#objects.get(key) as ApiObject;
    const revision = this.#store.next();
    const object = versioned(last ?? before, revision);
    this.#objects.delete(key);
    this.#keys.remove(key);
    this.#store.publish(this, { type: "DELETED", key, object, before, revision });
    return object;
  }

  /** Tells `subscriber` of every change after `from`; what has happened already is up to the caller. */
  subscribe(subscriber: Subscriber, from: number): void {
    this.subscribers.set(subscriber, from);
  }

  unsubscribe(subscriber: Subscriber): void {
    this.subscribers.delete(subscriber);
  }

  /** Ends every watch, as when the resource's definition is deleted. */
  close(): void {
    const all = [...this.subscribers.keys()];
    this.subscribers.clear();
    for (const subscriber of all) subscriber.gone();
  }

  /** @internal */
  restore(key: string, object: ApiObject): void {
    this.#objects.set(key, deepFreeze(object));
    this.#keys.add(key);
  }
}

const keyOf = ({ metadata }: ApiObject): string =>
  metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;

const versioned = (object: ApiObject, revision: number): ApiObject =>
  deepFreeze(withMetadata(object, { resourceVersion: String(revision) }));
