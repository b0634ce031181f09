import type { Pod, PodMetrics } from "@bellows/api";
import { type Client, type Clock, keyText, type ObjectKey, type Timer } from "@bellows/kube";

/** How long one answer serves all autoscalers of a namespace; they are synced once a second at most. */
const sharedMs = 1_000;

interface Answer {
  readonly items: Promise<ReadonlyMap<string, PodMetrics>>;
  /** The autoscalers that had it; it is gone with the last one, or after a second. */
  readonly readers: Set<string>;
  readonly expiry: Timer;
}

/**
 * Reads metrics.k8s.io. Where the autoscalers of a namespace ask for most of its pods, it is read as a whole, and once
 * for all that are synced in the same second; otherwise by the selector.
 */
export class PodMetricsReader {
  readonly #answers = new Map<string, Answer>();
  /** By namespace, how many pods each autoscaler asked for last. */
  readonly #asked = new Map<string, Map<string, number>>();

  /**
   * The items of `pods`, which are those under `selector`.
   * @param podsInNamespace how many there are in all
   */
  async read(
    client: Client,
    clock: Clock,
    key: ObjectKey,
    selector: string,
    pods: readonly Pod[],
    podsInNamespace: number,
  ): Promise<readonly PodMetrics[]> {
    const { namespace = "" } = key;
    if (!this.#isWorthAll(key, pods.length, podsInNamespace)) return list(client, namespace, selector);
    const found = await this.#all(client, clock, key);
    return pods.map(({ metadata: { name } }) => found.get(name)).filter((item) => item !== undefined);
  }

  /** An autoscaler is gone. */
  forget(key: ObjectKey): void {
    const { namespace = "" } = key;
    const asked = this.#asked.get(namespace);
    asked?.delete(keyText(key));
    if (asked?.size === 0) this.#asked.delete(namespace);
  }

  #isWorthAll(key: ObjectKey, pods: number, podsInNamespace: number): boolean {
    const { namespace = "" } = key;
    let asked = this.#asked.get(namespace);
    if (!asked) this.#asked.set(namespace, (asked = new Map()));
    asked.set(keyText(key), pods);
    if (asked.size < 2) return false;
    let wanted = 0;
    for (const count of asked.values()) {
      wanted += count;
      if (wanted * 2 >= podsInNamespace) return true;
    }
    return false;
  }

  #all(client: Client, clock: Clock, { namespace = "", name }: ObjectKey): Answer["items"] {
    let answer = this.#answers.get(namespace);
    if (!answer || answer.readers.has(name)) {
      const items = list(client, namespace).then((all) => new Map(all.map((item) => [item.metadata.name, item])));
      answer = { items, readers: new Set(), expiry: clock.after(sharedMs, () => this.#answers.delete(namespace)) };
      this.#answers.get(namespace)?.expiry.cancel();
      this.#answers.set(namespace, answer);
    }
    answer.readers.add(name);
    // Nobody is left who would ask for it.
    if (answer.readers.size >= (this.#asked.get(namespace)?.size ?? 0)) {
      answer.expiry.cancel();
      this.#answers.delete(namespace);
    }
    return answer.items;
  }
}

async function list(client: Client, namespace: string, selector?: string): Promise<readonly PodMetrics[]> {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`;
  return itemsOf(await client.raw(path, selector === undefined ? undefined : { labelSelector: selector }));
}

/** The items of a list; none where a metrics server answered with something else. */
export function itemsOf<T>(answer: unknown): readonly T[] {
  const items = (answer as { items?: unknown } | null | undefined)?.items;
  return Array.isArray(items) ? items : [];
}
