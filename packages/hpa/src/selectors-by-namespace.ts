import { type Pod, parseSelector, type Selector } from "@bellows/api";
import { keyText, type ObjectKey } from "@bellows/kube";

/** The selectors of the autoscalers' targets, found by namespace, so that one sync looks at its neighbours only. */
export class SelectorsByNamespace {
  readonly #namespaces = new Map<string, Map<string, { readonly text: string; readonly selector: Selector }>>();

  /** Keeps the selector of an autoscaler's target; an empty text keeps none. Parsed only where it is another. */
  set(key: ObjectKey, text: string): void {
    if (text === "") return this.delete(key);
    const { namespace = "" } = key;
    const known = this.#namespaces.get(namespace) ?? new Map();
    if (known.size === 0) this.#namespaces.set(namespace, known);
    if (known.get(keyText(key))?.text !== text) known.set(keyText(key), { text, selector: parseSelector(text) });
  }

  delete(key: ObjectKey): void {
    const { namespace = "" } = key;
    const known = this.#namespaces.get(namespace);
    if (known?.delete(keyText(key)) && known.size === 0) this.#namespaces.delete(namespace);
  }

  /** `namespace/name` of every autoscaler whose target selects one of `pods`, and of `key` itself, in order. */
  selecting(key: ObjectKey, pods: readonly Pod[]): readonly string[] {
    const own = keyText(key);
    const others = [...(this.#namespaces.get(key.namespace ?? "") ?? [])]
      .filter(([id, { selector }]) => id !== own && pods.some((pod) => selector.matches(pod.metadata.labels ?? {})))
      .map(([id]) => id);
    return [own, ...others].sort();
  }
}
