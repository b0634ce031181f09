import { Pod, parseSelector, type Selector } from "@bellows/api";
import type { Cache } from "@bellows/kube";

type Groups = Map<string, ReadonlyMap<string, readonly Pod[]>>;

/**
 * The pods under a selector, without looking at each pod of the namespace for each autoscaler: they are grouped by a
 * label's value when they are first asked for, until a pod of the namespace changes.
 */
export class PodsByLabel {
  readonly #namespaces = new Map<string, Groups>();

  /** Keeps the groups current with a cache. */
  follow(cache: Cache): void {
    cache.informer(Pod).handle({ changed: ({ namespace = "" }) => void this.#namespaces.delete(namespace) });
  }

  /** @throws SelectorError where the text is none */
  under(cache: Cache, namespace: string, text: string): readonly Pod[] {
    const selector = parseSelector(text);
    return this.#candidates(cache, namespace, selector).filter((pod) => selector.matches(pod.metadata.labels ?? {}));
  }

  #candidates(cache: Cache, namespace: string, selector: Selector): readonly Pod[] {
    for (const { key } of selector.requirements) {
      const value = selector.exactValue(key);
      if (value !== undefined) return this.#groupsOf(cache, namespace, key).get(value) ?? [];
    }
    return cache.list(Pod, namespace);
  }

  #groupsOf(cache: Cache, namespace: string, label: string): ReadonlyMap<string, readonly Pod[]> {
    let groups = this.#namespaces.get(namespace);
    if (!groups) this.#namespaces.set(namespace, (groups = new Map()));
    let byValue = groups.get(label);
    if (!byValue) {
      byValue = Map.groupBy(cache.list(Pod, namespace), (pod) => pod.metadata.labels?.[label] ?? "");
      groups.set(label, byValue);
    }
    return byValue;
  }
}
