import { type Labels, Pod, parseSelector, type Selector } from "@bellows/api";
import type { Cache } from "@bellows/kube";

/** The pods with one value of a label; another list whenever one of them changes. */
type Group = readonly Pod[];

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
          if (after && now !== undefined) put(groups, now, after);
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
    return this.#groupsOf(cache, namespace, exact.label).get(exact.value) ?? [];
  }

  #groupsOf(cache: Cache, namespace: string, label: string): Map<string, Group> {
    const { labels } = this.#namespace(namespace);
    let groups = labels.get(label);
    if (!groups) {
      const inNamespace = cache.list(Pod, namespace).filter(({ metadata }) => metadata.labels?.[label] !== undefined);
      groups = Map.groupBy(inNamespace, ({ metadata }) => metadata.labels?.[label] as string);
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

/** In the place of the pod of its name, or at the end. */
function put(groups: Map<string, Group>, value: string, pod: Pod): void {
  const group = groups.get(value) ?? [];
  const place = group.findIndex(({ metadata }) => metadata.name === pod.metadata.name);
  groups.set(value, place < 0 ? [...group, pod] : group.with(place, pod));
}

function remove(groups: Map<string, Group>, value: string, name: string): void {
  const left = (groups.get(value) ?? []).filter(({ metadata }) => metadata.name !== name);
  if (left.length > 0) groups.set(value, left);
  else groups.delete(value);
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
