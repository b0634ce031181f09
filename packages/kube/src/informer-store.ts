import { compareResourceVersions } from "./resource-version.ts";

type IndexFunctions<P> = Readonly<Record<string, (item: P) => readonly string[]>>;

interface Entry<P> {
  resourceVersion: string;
  item: P;
  /** The number of the list that had it last; an entry that the newest list did not have is gone. */
  list: number;
}

/** What an informer holds: items by key text, with their indexes. Says what changed, and only that. */
export class InformerStore<P> {
  readonly #entries = new Map<string, Entry<P>>();
  readonly #indexes: ReadonlyMap<string, Index<P>>;
  readonly #changed: (text: string, before: P | undefined, after: P | undefined) => void;
  #byNamespace: Index<P> | undefined;
  #list = 0;

  constructor(
    indexes: IndexFunctions<P>,
    changed: (text: string, before: P | undefined, after: P | undefined) => void,
  ) {
    this.#indexes = new Map(Object.entries(indexes).map(([name, valuesOf]) => [name, new Index(valuesOf)]));
    this.#changed = changed;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(text: string): P | undefined {
    return this.#entries.get(text)?.item;
  }

  resourceVersion(text: string): string | undefined {
    return this.#entries.get(text)?.resourceVersion;
  }

  *values(): Generator<P> {
    for (const entry of this.#entries.values()) yield entry.item;
  }

  *entries(): Generator<[text: string, item: P]> {
    for (const [text, entry] of this.#entries) yield [text, entry.item];
  }

  indexed(name: string, value: string): readonly P[] {
    const index = this.#indexes.get(name);
    if (!index) throw new RangeError(`index ${JSON.stringify(name)}: unknown, expected ${[...this.#indexes.keys()]}`);
    return index.items(value);
  }

  inNamespace(namespace: string): readonly P[] {
    if (!this.#byNamespace) {
      this.#byNamespace = new Index<P>(undefined);
      for (const [text, item] of this.entries()) this.#byNamespace.put(text, [namespaceOf(text)], item);
    }
    return this.#byNamespace.items(namespace);
  }

  /** From here on items arrive by {@link listed}, until {@link listEnds}. A list that broke off is begun anew. */
  listBegins(): void {
    this.#list++;
  }

  /** An item of a list. `item` is only called where the version is another than the known one. */
  listed(text: string, resourceVersion: string, item: () => P): void {
    const entry = this.#entries.get(text);
    if (entry) entry.list = this.#list;
    if (entry?.resourceVersion !== resourceVersion) this.#put(text, entry, resourceVersion, item());
  }

  /** Drops what the list no longer had. */
  listEnds(): void {
    for (const [text, entry] of this.#entries) if (entry.list !== this.#list) this.#drop(text, entry);
  }

  /** A watch event; one that is not newer than what is known changes nothing. */
  put(text: string, resourceVersion: string, item: () => P): void {
    const entry = this.#entries.get(text);
    if (entry && compareResourceVersions(resourceVersion, entry.resourceVersion) <= 0) return;
    this.#put(text, entry, resourceVersion, item());
  }

  delete(text: string): void {
    const entry = this.#entries.get(text);
    if (entry) this.#drop(text, entry);
  }

  #put(text: string, entry: Entry<P> | undefined, resourceVersion: string, item: P): void {
    const before = entry?.item;
    if (entry) {
      this.#unindex(text, entry.item);
      entry.resourceVersion = resourceVersion;
      entry.item = item;
    } else {
      this.#entries.set(text, { resourceVersion, item, list: this.#list });
    }
    for (const index of this.#indexes.values()) index.put(text, index.valuesOf(item), item);
    this.#byNamespace?.put(text, [namespaceOf(text)], item);
    this.#changed(text, before, item);
  }

  #drop(text: string, entry: Entry<P>): void {
    this.#entries.delete(text);
    this.#unindex(text, entry.item);
    this.#changed(text, entry.item, undefined);
  }

  #unindex(text: string, item: P): void {
    for (const index of this.#indexes.values()) index.remove(text, index.valuesOf(item));
    // The namespace of a key never changes: a put over it keeps its place in the order.
    if (!this.#entries.has(text)) this.#byNamespace?.remove(text, [namespaceOf(text)]);
  }
}

class Index<P> {
  readonly #items = new Map<string, Map<string, P>>();
  readonly #valuesOf: ((item: P) => readonly string[]) | undefined;

  constructor(valuesOf: ((item: P) => readonly string[]) | undefined) {
    this.#valuesOf = valuesOf;
  }

  valuesOf(item: P): readonly string[] {
    return this.#valuesOf?.(item) ?? [];
  }

  items(value: string): readonly P[] {
    const found = this.#items.get(value);
    return found ? [...found.values()] : [];
  }

  put(text: string, values: readonly string[], item: P): void {
    for (const value of values) {
      const items = this.#items.get(value);
      if (items) items.set(text, item);
      else this.#items.set(value, new Map([[text, item]]));
    }
  }

  remove(text: string, values: readonly string[]): void {
    for (const value of values) {
      const items = this.#items.get(value);
      if (items?.delete(text) && items.size === 0) this.#items.delete(value);
    }
  }
}

const namespaceOf = (text: string): string => text.slice(0, Math.max(0, text.indexOf("/")));
