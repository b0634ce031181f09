import { type Kind, type KubernetesObject, Pod, type Selector } from "@bellows/api";
import { type Cache, type Informer, keyText, type ObjectKey } from "@bellows/kube";

/** Objects of a kind by something they say of themselves. In the order in which they came. */
export interface ObjectIndex<T> {
  at(value: string): readonly T[];
}

class LiveIndex<T> implements ObjectIndex<T> {
  readonly #buckets = new Map<string, Map<string, T>>();
  readonly #lists = new Map<string, readonly T[]>();
  readonly #valuesOf: (object: T) => readonly string[];

  constructor(informer: Informer<T>, valuesOf: (object: T) => readonly string[]) {
    this.#valuesOf = valuesOf;
    informer.handle({ changed: (key, before, after) => this.#changed(key, before, after) });
  }

  at(value: string): readonly T[] {
    let list = this.#lists.get(value);
    if (!list) {
      list = [...(this.#buckets.get(value)?.values() ?? [])];
      if (list.length > 0) this.#lists.set(value, list);
    }
    return list;
  }

  #changed(key: ObjectKey, before: T | undefined, after: T | undefined): void {
    const id = keyText(key);
    const values = after === undefined ? [] : this.#valuesOf(after);
    for (const value of before === undefined ? [] : this.#valuesOf(before)) {
      if (values.includes(value)) continue;
      const bucket = this.#buckets.get(value);
      bucket?.delete(id);
      if (bucket?.size === 0) this.#buckets.delete(value);
      this.#lists.delete(value);
    }
    for (const value of values) {
      let bucket = this.#buckets.get(value);
      if (!bucket) this.#buckets.set(value, (bucket = new Map()));
      bucket.set(id, after as T);
      this.#lists.delete(value);
    }
  }
}

const indexes = new WeakMap<object, Map<string, LiveIndex<never>>>();

/** An index of a kind, made at the first call and kept current from then on; shared by all that ask for the same name. */
export function indexOf<T extends KubernetesObject>(
  cache: Cache,
  kind: Kind<T>,
  name: string,
  valuesOf: (object: T) => readonly string[],
): ObjectIndex<T> {
  const informer = cache.informer(kind);
  let ofInformer = indexes.get(informer);
  if (!ofInformer) indexes.set(informer, (ofInformer = new Map()));
  let index = ofInformer.get(name) as unknown as LiveIndex<T> | undefined;
  if (!index) ofInformer.set(name, (index = new LiveIndex(informer, valuesOf)) as unknown as LiveIndex<never>);
  return index;
}

/** Objects by the uid of the object that controls them. */
export const byController = <T extends KubernetesObject>(cache: Cache, kind: Kind<T>): ObjectIndex<T> =>
  indexOf(cache, kind, "controller", ({ metadata }) => {
    const owner = metadata.ownerReferences?.find((reference) => reference.controller);
    return owner ? [owner.uid] : [];
  });

/** Objects that nothing controls, by namespace. */
export const orphansByNamespace = <T extends KubernetesObject>(cache: Cache, kind: Kind<T>): ObjectIndex<T> =>
  indexOf(cache, kind, "orphans", ({ metadata }) =>
    metadata.ownerReferences?.some((reference) => reference.controller) ? [] : [metadata.namespace ?? ""],
  );

/** The pods of a namespace that a selector selects, found by one of its exact labels where it has one. */
export function podsSelected(cache: Cache, namespace: string, selector: Selector): Pod[] {
  const byLabel = indexOf(cache, Pod, "label", ({ metadata }) =>
    Object.entries(metadata.labels ?? {}).map(([key, value]) => `${metadata.namespace}/${key}=${value}`),
  );
  const exact = selector.requirements.find(({ key }) => selector.exactValue(key) !== undefined)?.key;
  const candidates =
    exact === undefined
      ? cache.list(Pod, namespace)
      : byLabel.at(`${namespace}/${exact}=${selector.exactValue(exact)}`);
  return candidates.filter((pod) => selector.matches(pod.metadata.labels));
}

/** Pods by the node they are bound to. */
export const podsByNode = (cache: Cache): ObjectIndex<Pod> =>
  indexOf(cache, Pod, "node", ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
