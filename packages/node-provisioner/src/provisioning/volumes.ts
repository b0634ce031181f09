import { PersistentVolume, PersistentVolumeClaim, type Pod, StorageClass } from "@bellows/api";
import type { ControllerContext } from "@bellows/kube";
import type { RequirementFields } from "../engine/requirement.ts";
import { combined, isCompatible, type Requirements, requirementsOf } from "../engine/requirements.ts";
import { hostnameLabel } from "../engine/well-known-labels.ts";

type Cache = ControllerContext["cache"];

/** Where a pod's volumes let it be, as alternatives; none for anywhere. Or why it can't be told. */
export type VolumeAnswer = { readonly alternatives: readonly Requirements[] } | { readonly problem: string };

/** Combinations of the zones of several volumes that are tried at most. */
const maxAlternatives = 32;

export function volumeRequirements(cache: Cache, pod: Pod): VolumeAnswer {
  let alternatives: readonly Requirements[] = [];
  for (const volume of pod.spec?.volumes ?? []) {
    const claimName =
      volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral && `${pod.metadata.name}-${volume.name}`);
    if (!claimName) continue;
    const answer = ofClaim(
      cache,
      pod.metadata.namespace ?? "default",
      claimName,
      volume.ephemeral?.volumeClaimTemplate,
    );
    if ("problem" in answer) return answer;
    if (answer.alternatives.length > 0) alternatives = crossed(alternatives, answer.alternatives);
  }
  return { alternatives };
}

function ofClaim(
  cache: Cache,
  namespace: string,
  name: string,
  template: { spec?: { storageClassName?: string } } | undefined,
): VolumeAnswer {
  const claim = cache.get(PersistentVolumeClaim, { namespace, name });
  if (!claim && !template) return { problem: `persistentvolumeclaims "${name}" not found` };
  const volumeName = claim?.spec?.volumeName;
  if (volumeName) {
    const volume = cache.get(PersistentVolume, { name: volumeName });
    if (!volume) return { problem: `persistentvolumes "${volumeName}" not found` };
    return { alternatives: ofTerms(volume.spec?.nodeAffinity?.required?.nodeSelectorTerms ?? []) };
  }
  const className = claim?.spec?.storageClassName ?? template?.spec?.storageClassName;
  if (!className) return { alternatives: [] };
  const storageClass = cache.get(StorageClass, { name: className });
  if (!storageClass) return { problem: `storageclasses.storage.k8s.io "${className}" not found` };
  const terms = (storageClass.allowedTopologies ?? []).map((term) => ({
    matchExpressions: (term.matchLabelExpressions ?? []).map(({ key, values }) => ({ key, operator: "In", values })),
  }));
  return { alternatives: ofTerms(terms) };
}

/** A volume that names its host moves with its pod, so that the host does not count. */
function ofTerms(terms: readonly { matchExpressions?: readonly RequirementFields[] }[]): Requirements[] {
  return terms
    .map((term) => requirementsOf((term.matchExpressions ?? []).filter(({ key }) => key !== hostnameLabel)))
    .filter((requirements) => requirements.size > 0);
}

function crossed(left: readonly Requirements[], right: readonly Requirements[]): readonly Requirements[] {
  if (left.length === 0) return right;
  const pairs = left.flatMap((a) =>
    right.flatMap((b) => (isCompatible(a, b, new Set(b.keys())) ? [combined(a, b)] : [])),
  );
  return pairs.length > 0 ? pairs.slice(0, maxAlternatives) : left.map((a) => combined(a, right[0] as Requirements));
}
