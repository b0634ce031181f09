import { HorizontalPodAutoscaler } from "@bellows/api";
import type { Cache } from "@bellows/kube";

interface TargetRef {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
}

/** Which autoscalers of autoscaling/v2 name a target, whoever acts on them. */
export class AutoscalersByTarget {
  readonly #byTarget = new Map<string, Set<string>>();

  /** Keeps it current with a cache. */
  follow(cache: Cache): void {
    cache.informer(HorizontalPodAutoscaler).handle({
      changed: ({ namespace = "", name }, before, after) => {
        if (before?.spec) this.#remove(textOf(namespace, before.spec.scaleTargetRef), name);
        if (after?.spec) this.#add(textOf(namespace, after.spec.scaleTargetRef), name);
      },
    });
  }

  #add(target: string, name: string): void {
    const names = this.#byTarget.get(target);
    if (names) names.add(name);
    else this.#byTarget.set(target, new Set([name]));
  }

  #remove(target: string, name: string): void {
    const names = this.#byTarget.get(target);
    names?.delete(name);
    if (names?.size === 0) this.#byTarget.delete(target);
  }

  /** As messages name them: `namespace/name`, with their group. */
  of(namespace: string, target: TargetRef): readonly string[] {
    const names = this.#byTarget.get(textOf(namespace, target)) ?? [];
    return [...names].sort().map((name) => `${namespace}/${name} (autoscaling/v2)`);
  }
}

/** The version of a target does not matter. */
const textOf = (namespace: string, { apiVersion = "", kind, name }: TargetRef): string =>
  `${namespace}/${apiVersion.split("/").length > 1 ? apiVersion.split("/")[0] : ""}/${kind}/${name}`;
