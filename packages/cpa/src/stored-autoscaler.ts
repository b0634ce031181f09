import { ClusterProportionalAutoscaler, readObject, specProblem } from "@bellows/api";
import type { Cache } from "@bellows/kube";

type Spec = ClusterProportionalAutoscaler["spec"];

/** Objects that are read from a cache share what has not changed: each spec is completed once. */
const completedSpecs = new WeakMap<object, Spec>();

/** What nothing can be made of: a definition of another release lets anything be stored. */
export const problemOf = (autoscaler: ClusterProportionalAutoscaler): string | undefined =>
  specProblem(ClusterProportionalAutoscaler, autoscaler) ??
  (autoscaler.spec.linear === undefined && autoscaler.spec.ladder === undefined
    ? "spec: neither linear nor ladder, expected one of them"
    : undefined);

/** One without a problem, with the defaults that a definition of another release did not fill in. */
export function completed(autoscaler: ClusterProportionalAutoscaler): ClusterProportionalAutoscaler {
  let spec = completedSpecs.get(autoscaler.spec);
  if (spec === undefined) {
    const result = readObject(ClusterProportionalAutoscaler, { metadata: {}, spec: autoscaler.spec });
    spec = result.ok ? result.object.spec : autoscaler.spec;
    completedSpecs.set(autoscaler.spec, spec);
  }
  return { ...autoscaler, spec };
}

/** Those that something can be made of. */
export const autoscalersOf = (cache: Cache, namespace: string | undefined): readonly ClusterProportionalAutoscaler[] =>
  cache
    .list(ClusterProportionalAutoscaler, namespace)
    .filter((autoscaler) => problemOf(autoscaler) === undefined)
    .map(completed);
