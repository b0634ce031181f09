import { type Labels, Pod, parseSelector, type Selector } from "@bellows/api";
import type { Cache } from "@bellows/kube";

/** The pods with one value of a label. The list is made when it is asked for, until one of them changes. */
interface Group {
  readonly pods: Map<string, Pod>;
  list: readonly Pod[] | undefined;
}

interface Namespace {
  size: number;
  /** By label and value; only of labels that a selector asked for. */
  readonly labels: Map<string, Map<string, Group>>;
}

/** The pods under a selector, without looking at each pod of the namespace for each autoscaler. */
export class PodsByLabel {
  readonly #namespaces = new Map<string, Namespace>();

  /** Keeps the groups current with a cache. */
  follow(cache: Cache): void {
    cache.informer(Pod).handle({
      changed: ({ namespace = "", name }, before, after) => {
        const known = this.#namespace(namespace);
        known.size += (after ? 1 : 0) - (before ? 1 : 0);
        for (const [label, groups] of known.labels) {
          const [old, now] = [before?.metadata.labels?.[label], after?.metadata.labels?.[label]];
          if (before && old !== undefined && old !== now) remove(groups, old, name);
          if (after && now !== undefined) put(groups, now, name, after);
        }
        if (known.size === 0) this.#namespaces.delete(namespace);
      },
    });
  }

  /** How many pods a namespace has. */
  size(namespace: string): number {
    return this.#namespaces.get(namespace)?.size ?? 0;
  }

  /** @throws SelectorError where the text is none */
  under(cache: Cache, namespace: string, text: string): readonly Pod[] {
    const selector = parseSelector(text);
    const candidates = this.#candidates(cache, namespace, selector);
    if (selector.requirements.length === 1 && exactLabel(selector)) return candidates;
    return candidates.filter((pod) => selector.matches(pod.metadata.labels ?? {}));
  }

  #candidates(cache: Cache, namespace: string, selector: Selector): readonly Pod[] {
    const exact = exactLabel(selector);
    if (!exact) return cache.list(Pod, namespace);
    const group = this.#groupsOf(cache, namespace, exact.label).get(exact.value);
    if (!group) return [];
    group.list ??= [...group.pods.values()];
    return group.list;
  }

  #groupsOf(cache: Cache, namespace: string, label: string): Map<string, Group> {
    const { labels } = this.#namespace(namespace);
    let groups = labels.get(label);
    if (!groups) {
      groups = new Map();
      for (const pod of cache.list(Pod, namespace)) {
        const value = pod.metadata.labels?.[label];
        if (value !== undefined) put(groups, value, pod.metadata.name, pod);
      }
      labels.set(label, groups);
    }
    return groups;
  }

  #namespace(name: string): Namespace {
    let known = this.#namespaces.get(name);
    if (!known) this.#namespaces.set(name, (known = { size: 0, labels: new Map() }));
    return known;
  }
}

function put(groups: Map<string, Group>, value: string, name: string, pod: Pod): void {
  const group = groups.get(value);
  if (!group) return void groups.set(value, { pods: new Map([[name, pod]]), list: undefined });
  group.pods.set(name, pod);
  group.list = undefined;
}

function remove(groups: Map<string, Group>, value: string, name: string): void {
  const group = groups.get(value);
  if (!group?.pods.delete(name)) return;
  group.list = undefined;
  if (group.pods.size === 0) groups.delete(value);
}

/** A label that every selected pod has, and its value. */
export function exactLabel(selector: Selector): { readonly label: string; readonly value: string } | undefined {
  for (const { key } of selector.requirements) {
    const value = selector.exactValue(key);
    if (value !== undefined) return { label: key, value };
  }
  return undefined;
}

/** The labels of pods, each set once where pods share it. */
export const labelsOf = (pods: readonly Pod[]): ReadonlySet<Labels> =>
  new Set(pods.map(({ metadata: { labels = none } }) => labels));

const none: Labels = {};
