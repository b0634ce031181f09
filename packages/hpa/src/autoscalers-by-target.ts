import { type HorizontalPodAutoscaler, type Kind, sameJson } from "@bellows/api";
import type { Cache, ObjectKey } from "@bellows/kube";

interface TargetRef {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
}

/** Which autoscalers of a kind name a target, whoever acts on them. */
export class AutoscalersByTarget {
  readonly #byTarget = new Map<string, Set<string>>();

  /** Keeps it current with a cache. */
  follow(cache: Cache, kind: Kind<HorizontalPodAutoscaler>): void {
    cache.informer(kind).handle({
      changed: ({ namespace = "", name }, before, after) => {
        const [from, to] = [before?.spec?.scaleTargetRef, after?.spec?.scaleTargetRef];
        // Of most changes the target is no part.
        if (sameJson(from, to)) return;
        if (isTargetRef(from)) this.#remove(textOf(namespace, from), name);
        if (isTargetRef(to)) this.#add(textOf(namespace, to), name);
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

  /** In order of their names. */
  of(namespace: string, target: TargetRef): readonly ObjectKey[] {
    return [...(this.#byTarget.get(textOf(namespace, target)) ?? [])].sort().map((name) => ({ namespace, name }));
  }
}

/** An autoscaler that was stored under another schema may have anything here. */
const isTargetRef = (found: Partial<Record<keyof TargetRef, unknown>> | null | undefined): found is TargetRef =>
  typeof found === "object" &&
  found !== null &&
  (found.apiVersion === undefined || typeof found.apiVersion === "string") &&
  typeof found.kind === "string" &&
  typeof found.name === "string";

/** The version of a target does not matter. */
const textOf = (namespace: string, { apiVersion = "", kind, name }: TargetRef): string =>
  `${namespace}/${apiVersion.slice(0, Math.max(0, apiVersion.indexOf("/")))}/${kind}/${name}`;
