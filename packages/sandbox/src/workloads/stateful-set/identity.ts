import { type PersistentVolumeClaim, type Pod, type PodTemplateSpec, StatefulSet } from "@bellows/api";
import { podFromTemplate } from "../pod-creation.ts";

export const revisionLabel = "controller-revision-hash";
const podNameLabel = "statefulset.kubernetes.io/pod-name";
const podIndexLabel = "apps.kubernetes.io/pod-index";

/** The ordinal in the name of a pod of this set; undefined for a name that is not of its making. */
export function ordinalOf(set: StatefulSet, podName: string): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const digits = podName.startsWith(prefix) ? podName.slice(prefix.length) : "";
  return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
}

export const startOrdinal = (set: StatefulSet): number => set.spec?.ordinals?.start ?? 0;

/** The claims that a pod of this ordinal uses, by the name of the template they are made from. */
export function claimsFor(set: StatefulSet, ordinal: number): Map<string, PersistentVolumeClaim> {
  const claims = new Map<string, PersistentVolumeClaim>();
  for (const template of set.spec?.volumeClaimTemplates ?? []) {
    const { name, labels, annotations } = template.metadata;
    claims.set(name, {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {
        name: `${name}-${set.metadata.name}-${ordinal}`,
        ...(set.metadata.namespace && { namespace: set.metadata.namespace }),
        labels: { ...labels, ...set.spec?.selector.matchLabels },
        ...(annotations && { annotations }),
      },
      ...(template.spec && { spec: template.spec }),
    });
  }
  return claims;
}

/** The pod of an ordinal, with its stable name, host name, labels and claims. */
export function podOf(set: StatefulSet, template: PodTemplateSpec, ordinal: number, revision: string): Pod {
  const pod = podFromTemplate(template, set, StatefulSet as never);
  const name = `${set.metadata.name}-${ordinal}`;
  const { generateName: _, ...metadata } = pod.metadata;
  const claims = claimsFor(set, ordinal);
  const ownVolumes = (pod.spec?.volumes ?? []).filter((volume) => !claims.has(volume.name));
  const claimVolumes = [...claims].map(([volume, claim]) => ({
    name: volume,
    persistentVolumeClaim: { claimName: claim.metadata.name },
  }));
  const volumes = [...claimVolumes, ...ownVolumes];
  return {
    ...pod,
    metadata: {
      ...metadata,
      name,
      labels: { ...metadata.labels, [podNameLabel]: name, [podIndexLabel]: String(ordinal), [revisionLabel]: revision },
    },
    spec: {
      ...(pod.spec as NonNullable<Pod["spec"]>),
      hostname: name,
      ...(set.spec?.serviceName && { subdomain: set.spec.serviceName }),
      ...(volumes.length > 0 && { volumes }),
    },
  };
}
