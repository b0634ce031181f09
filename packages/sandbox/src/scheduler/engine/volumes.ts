import {
  bytesOf,
  nodeSelectorTerms,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type StorageClass,
} from "@bellows/api";
import type { Cluster } from "./cluster.ts";
import type { NodeInfo } from "./node-info.ts";
import { matcherOf } from "./selector.ts";

export const selectedNodeAnnotation = "volume.kubernetes.io/selected-node";
const noProvisioner = "kubernetes.io/no-provisioner";

/** A claim that a pod uses, by the claim's name; `ephemeral` for one made for this pod from a template. */
export interface ClaimUse {
  readonly name: string;
  readonly ephemeral: boolean;
}

export const claimsOf = (pod: Pod): ClaimUse[] =>
  (pod.spec?.volumes ?? []).flatMap((volume): ClaimUse[] => {
    if (volume.persistentVolumeClaim) return [{ name: volume.persistentVolumeClaim.claimName, ephemeral: false }];
    return volume.ephemeral ? [{ name: `${pod.metadata.name}-${volume.name}`, ephemeral: true }] : [];
  });

/** The StorageClass a claim or a volume belongs to; "" is none. */
export const storageClassOf = ({ metadata, spec }: PersistentVolumeClaim | PersistentVolume): string =>
  metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec?.storageClassName ?? "";

export const isBound = (claim: PersistentVolumeClaim): boolean =>
  Boolean(claim.spec?.volumeName) && claim.metadata.annotations?.["pv.kubernetes.io/bind-completed"] !== undefined;

export function fitsNode(volume: PersistentVolume, node: NodeInfo): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  return !required || (node.node !== undefined && nodeSelectorTerms(required.nodeSelectorTerms)(node.node));
}

/**
 * Whether a volume could serve a claim: unclaimed or reserved for it, same class and mode, big enough, with all its access modes
 * and the labels it selects (volume `FindMatchingVolume`, 1.35).
 */
export function canServe(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { spec, status, metadata } = volume;
  if (!spec || !claim.spec || metadata.deletionTimestamp) return false;
  const reserved = spec.claimRef;
  if (reserved) {
    if (reserved.namespace !== claim.metadata.namespace || reserved.name !== claim.metadata.name) return false;
    if (reserved.uid && reserved.uid !== claim.metadata.uid) return false;
  } else if (status?.phase && status.phase !== "Available" && status.phase !== "Pending") return false;
  if (claim.spec.volumeName && claim.spec.volumeName !== metadata.name) return false;
  if (storageClassOf(volume) !== storageClassOf(claim)) return false;
  if ((spec.volumeMode ?? "Filesystem") !== (claim.spec.volumeMode ?? "Filesystem")) return false;
  if (bytesOf(spec.capacity?.["storage"] ?? "0") < bytesOf(claim.spec.resources?.requests?.["storage"] ?? "0"))
    return false;
  if (!(claim.spec.accessModes ?? []).every((mode) => spec.accessModes?.includes(mode))) return false;
  return !claim.spec.selector || matcherOf(claim.spec.selector).matches(metadata.labels);
}

/** The smallest volume that can serve the claim (and is on the node, where one is given), ties by name. */
export function bestVolume(
  volumes: Iterable<PersistentVolume>,
  claim: PersistentVolumeClaim,
  node?: NodeInfo,
  taken: ReadonlySet<string> = new Set(),
): PersistentVolume | undefined {
  let best: PersistentVolume | undefined;
  const size = (volume: PersistentVolume) => bytesOf(volume.spec?.capacity?.["storage"] ?? "0");
  for (const volume of volumes) {
    if (taken.has(volume.metadata.name) || !canServe(volume, claim) || (node && !fitsNode(volume, node))) continue;
    if (volume.spec?.claimRef) return volume;
    const smaller = !best || size(volume) < size(best);
    if (smaller || (best && size(volume) === size(best) && volume.metadata.name < best.metadata.name)) best = volume;
  }
  return best;
}

function allowedOn(storageClass: StorageClass, { labels }: NodeInfo): boolean {
  const terms = storageClass.allowedTopologies ?? [];
  if (terms.length === 0) return true;
  return terms.some((term) =>
    (term.matchLabelExpressions ?? []).every(({ key, values }) => values.includes(labels[key] as string)),
  );
}

/** What has to happen to a pod's unbound claims before it can start on a node. */
export interface VolumePlan {
  readonly bindings: readonly { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }[];
  readonly provisions: readonly PersistentVolumeClaim[];
}

/** Finds or provisions a volume on `node` for each of `claims` (unbound, WaitForFirstConsumer); undefined where it can't. */
export function planVolumes(
  claims: readonly PersistentVolumeClaim[],
  node: NodeInfo,
  cluster: Cluster,
): VolumePlan | undefined {
  const bindings: VolumePlan["bindings"][number][] = [];
  const provisions: PersistentVolumeClaim[] = [];
  const taken = new Set<string>();
  for (const claim of claims) {
    const selected = claim.metadata.annotations?.[selectedNodeAnnotation];
    if (selected !== undefined) {
      if (selected !== node.name) return undefined;
      provisions.push(claim);
      continue;
    }
    const volume = bestVolume(cluster.objects.volumes(), claim, node, taken);
    if (volume) {
      taken.add(volume.metadata.name);
      bindings.push({ claim, volume });
      continue;
    }
    const storageClass = cluster.objects.storageClass(storageClassOf(claim));
    const provisioner = storageClass?.provisioner;
    if (!storageClass || !provisioner || provisioner === noProvisioner || !allowedOn(storageClass, node))
      return undefined;
    provisions.push(claim);
  }
  return { bindings, provisions };
}
