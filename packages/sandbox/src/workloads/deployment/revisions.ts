import type { Deployment, ReplicaSet } from "@bellows/api";
import { sameTemplate } from "../template-hash.ts";
import { byAge, desiredAnnotation, maxAnnotation, maxSurge, replicasOf } from "./sizes.ts";

export const revisionAnnotation = "deployment.kubernetes.io/revision";
const historyAnnotation = "deployment.kubernetes.io/revision-history";
export const hashLabel = "pod-template-hash";
const maxHistoryLength = 2000;

/** What a ReplicaSet does not inherit of its Deployment's annotations. */
const notInherited: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  "deprecated.deployment.rollback.to",
]);

export const revisionOf = (object: ReplicaSet | Deployment): number =>
  Number.parseInt(object.metadata.annotations?.[revisionAnnotation] ?? "0", 10) || 0;

/** The ReplicaSet whose template is the Deployment's; the oldest where there are several. */
export function findNewSet({ spec }: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  if (!spec) return undefined;
  return [...sets]
    .sort(byAge)
    .find((set) => set.spec?.template && sameTemplate(set.spec.template, spec.template, hashLabel));
}

export const highestRevision = (sets: readonly ReplicaSet[]): number =>
  sets.reduce((most, set) => Math.max(most, revisionOf(set)), 0);

/**
 * The annotations of the new ReplicaSet: the Deployment's, its revision, and the revisions it had before if it is rolled back
 * to. `before` is undefined for one that is being created, which also gets the sizes.
 */
export function newSetAnnotations(
  deployment: Deployment,
  before: ReplicaSet | undefined,
  revision: number,
): Record<string, string> {
  const annotations = { ...before?.metadata.annotations };
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!notInherited.has(key)) annotations[key] = value;
  }
  const old = annotations[revisionAnnotation];
  if ((Number.parseInt(old ?? "0", 10) || 0) < revision) {
    annotations[revisionAnnotation] = String(revision);
    if (old !== undefined) annotations[historyAnnotation] = history(annotations[historyAnnotation] ?? "", old);
  }
  if (!before) Object.assign(annotations, sizeAnnotations(deployment));
  return annotations;
}

function history(known: string, old: string): string {
  const revisions = known === "" ? [] : known.split(",");
  while (revisions.length > 0 && [...revisions, old].join(",").length > maxHistoryLength) revisions.shift();
  return [...revisions, old].join(",");
}

export const sizeAnnotations = (deployment: Deployment): Record<string, string> => ({
  [desiredAnnotation]: String(replicasOf(deployment)),
  [maxAnnotation]: String(replicasOf(deployment) + maxSurge(deployment)),
});
