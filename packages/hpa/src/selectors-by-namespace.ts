import { type Labels, type Pod, parseSelector, type Selector } from "@bellows/api";
import { keyText, type ObjectKey } from "@bellows/kube";
import { exactLabel, labelsOf } from "./pods-by-label.ts";

interface Known {
  readonly key: ObjectKey;
  readonly text: string;
  readonly selector: Selector;
  /** A label that every selected pod has: `app=web`. Undefined where the selector names no exact value. */
  readonly label: string | undefined;
}

/** The autoscalers of one namespace; each also under the label that its pods must have. */
interface Neighbours {
  readonly byId: Map<string, Known>;
  readonly byLabel: Map<string | undefined, Set<Known>>;
}

/** The selectors of the autoscalers' targets, found by namespace and label, so that a pod leads to few of them. */
export class SelectorsByNamespace {
  readonly #namespaces = new Map<string, Neighbours>();

  /** Keeps the selector of an autoscaler's target; an empty text keeps none. Parsed only where it is another. */
  set(key: ObjectKey, text: string): void {
    if (text === "") return this.delete(key);
    const { namespace = "" } = key;
    const id = keyText(key);
    if (this.#namespaces.get(namespace)?.byId.get(id)?.text === text) return;
    this.delete(key);
    const neighbours = this.#namespaces.get(namespace) ?? { byId: new Map(), byLabel: new Map() };
    this.#namespaces.set(namespace, neighbours);
    const selector = parseSelector(text);
    const known: Known = { key, text, selector, label: labelText(selector) };
    neighbours.byId.set(id, known);
    const sharing = neighbours.byLabel.get(known.label);
    if (sharing) sharing.add(known);
    else neighbours.byLabel.set(known.label, new Set([known]));
  }

  delete(key: ObjectKey): void {
    const { namespace = "" } = key;
    const neighbours = this.#namespaces.get(namespace);
    const known = neighbours?.byId.get(keyText(key));
    if (!neighbours || !known) return;
    neighbours.byId.delete(keyText(key));
    const sharing = neighbours.byLabel.get(known.label) as Set<Known>;
    sharing.delete(known);
    if (sharing.size === 0) neighbours.byLabel.delete(known.label);
    if (neighbours.byId.size === 0) this.#namespaces.delete(namespace);
  }

  /** The autoscalers whose target selects a pod. */
  of({ metadata: { namespace = "", labels = {} } }: Pod): readonly ObjectKey[] {
    const neighbours = this.#namespaces.get(namespace);
    return neighbours ? selecting(neighbours, labels).map(({ key }) => key) : [];
  }

  /** `namespace/name` of every autoscaler whose target selects one of `pods`, and of `key` itself, in order. */
  selecting(key: ObjectKey, pods: readonly Pod[]): readonly string[] {
    const own = keyText(key);
    const neighbours = this.#namespaces.get(key.namespace ?? "");
    if (!neighbours) return [own];
    const ids = new Set([own]);
    for (const labels of labelsOf(pods)) for (const other of selecting(neighbours, labels)) ids.add(keyText(other.key));
    return [...ids].sort();
  }
}

function selecting({ byLabel }: Neighbours, labels: Labels): Known[] {
  const found: Known[] = [];
  const look = (label: string | undefined) => {
    for (const known of byLabel.get(label) ?? []) if (known.selector.matches(labels)) found.push(known);
  };
  look(undefined);
  for (const [name, value] of Object.entries(labels)) look(`${name}=${value}`);
  return found;
}

function labelText(selector: Selector): string | undefined {
  const exact = exactLabel(selector);
  return exact && `${exact.label}=${exact.value}`;
}
