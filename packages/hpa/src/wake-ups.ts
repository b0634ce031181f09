import {
  type Deployment,
  type HorizontalPodAutoscaler,
  type Kind,
  metricsChangedAnnotation,
  Pod,
  sameJson,
} from "@bellows/api";
import { type ControllerContext, keyOf, type ObjectKey } from "@bellows/kube";
import type { AutoscalersByTarget } from "./autoscalers-by-target.ts";
import { isReady } from "./engine/pods.ts";
import { watchedTargets } from "./observe-scale.ts";
import type { SelectorsByNamespace } from "./selectors-by-namespace.ts";

/** Calls `wake` for the autoscalers of a pod that came, went, or counts differently from now on. */
export function followPods(
  { cache }: Pick<ControllerContext, "cache">,
  selectors: SelectorsByNamespace,
  wake: (key: ObjectKey) => void,
): void {
  cache.informer(Pod).handle({
    changed(_, before, after) {
      if (before && after && countsAlike(before, after)) return;
      for (const pod of [before, after]) if (pod) for (const key of selectors.of(pod)) wake(key);
    },
  });
}

/**
 * Calls `enqueue` for an autoscaler that is new, gone or asks for something else; not for what is written into it, such as
 * its status.
 */
export function followAutoscalers(
  { cache, enqueue }: Pick<ControllerContext, "cache" | "enqueue">,
  kind: Kind<HorizontalPodAutoscaler>,
): void {
  cache.informer(kind).handle({
    changed(key, before, after) {
      const isLeaving = before?.metadata.deletionTimestamp !== after?.metadata.deletionTimestamp;
      const isOther = before?.metadata.uid !== after?.metadata.uid;
      if (isOther || isLeaving || !sameJson(before?.spec, after?.spec)) enqueue(key);
    },
  });
}

/** Calls `wake` for an autoscaler of which its metrics' server says that one has another value. */
export function followMetrics(
  { cache }: Pick<ControllerContext, "cache">,
  kind: Kind<HorizontalPodAutoscaler>,
  wake: (key: ObjectKey) => void,
): void {
  cache.informer(kind).handle({
    changed(_, before, after) {
      const changedAt = after?.metadata.annotations?.[metricsChangedAnnotation];
      if (!before || !after || changedAt === undefined) return;
      if (changedAt !== before.metadata.annotations?.[metricsChangedAnnotation]) wake(keyOf(after));
    },
  });
}

/** Calls `wake` for the autoscalers of a target that came, went, or was given other replicas, be it by somebody else. */
export function followTargets(
  { cache }: Pick<ControllerContext, "cache">,
  byTarget: AutoscalersByTarget,
  wake: (key: ObjectKey) => void,
): void {
  for (const watched of watchedTargets) {
    const { apiVersion, kind } = watched;
    cache.informer(watched as Kind<Deployment>).handle({
      changed({ namespace = "", name }, before, after) {
        if (before && after && before.spec?.replicas === after.spec?.replicas) return;
        for (const key of byTarget.of(namespace, { apiVersion, kind, name })) wake(key);
      },
    });
  }
}

/** Whether two states of a pod are the same to an autoscaler. */
const countsAlike = (before: Pod, after: Pod): boolean =>
  isReady(before) === isReady(after) &&
  before.status?.phase === after.status?.phase &&
  before.metadata.deletionTimestamp === after.metadata.deletionTimestamp &&
  // Of two pods of one name the second started later.
  before.status?.startTime === after.status?.startTime &&
  haveSameLabels(before, after);

function haveSameLabels({ metadata: { labels: a = {} } }: Pod, { metadata: { labels: b = {} } }: Pod): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
