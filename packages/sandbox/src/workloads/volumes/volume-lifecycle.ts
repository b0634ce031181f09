import { PersistentVolume, PersistentVolumeClaim, Pod } from "@bellows/api";
import { type Controller, keyOf, mapped, self } from "@bellows/kube";
import { claimsOf } from "../../scheduler/engine/volumes.ts";
import { isFinished } from "../pod-state.ts";
import { deleteExactly, fieldManager, toleratingConflicts, writeStatus } from "../writes.ts";

const claimFinalizer = "kubernetes.io/pvc-protection";
const volumeFinalizer = "kubernetes.io/pv-protection";

/** Keeps the phase of volumes, and reclaims those whose claim is gone. Writes: volumes, their status. */
export const volumeLifecycleController = (): Controller =>
  toleratingConflicts({
    name: "persistentvolume-reclaimer",
    watches: [
      self(PersistentVolume),
      mapped(PersistentVolumeClaim, ({ spec }) => (spec?.volumeName ? [{ name: spec.volumeName }] : [])),
    ],
    async reconcile(key, { cache, client, events }) {
      const volume = cache.get(PersistentVolume, key);
      if (!volume) return undefined;
      const owner = volume.spec?.claimRef;
      const ownerKey = owner?.name
        ? { name: owner.name, ...(owner.namespace && { namespace: owner.namespace }) }
        : undefined;
      const claim = ownerKey && cache.get(PersistentVolumeClaim, ownerKey);
      const isClaimed = claim !== undefined && (!owner?.uid || claim.metadata.uid === owner.uid);
      if (volume.metadata.deletionTimestamp) {
        if (!isClaimed || claim.metadata.deletionTimestamp) await withoutFinalizer(volume);
        return undefined;
      }
      if (!owner?.uid) {
        if (volume.status?.phase !== "Available" && !owner) await setPhase("Available");
        return undefined;
      }
      if (isClaimed) return undefined;
      // Asked of the API server: a claim that the cache does not have yet must not cost its data.
      const fresh = ownerKey && (await client.find(PersistentVolumeClaim, ownerKey));
      if (fresh?.metadata.uid === owner.uid) return undefined;
      await setPhase("Released");
      if (volume.spec?.persistentVolumeReclaimPolicy !== "Delete") return undefined;
      const current = await client.find(PersistentVolume, key);
      if (!current || current.metadata.uid !== volume.metadata.uid) return undefined;
      if (!volume.metadata.annotations?.["pv.kubernetes.io/provisioned-by"]) {
        const message = `error getting deleter volume plugin for volume "${key.name}": no deletable volume plugin matched`;
        events.record(volume, { type: "Warning", reason: "VolumeFailedDelete", message });
        await writeStatus(client, PersistentVolume, current, { ...current.status, phase: "Failed", message });
        return undefined;
      }
      await deleteExactly(client, PersistentVolume, current);
      return undefined;

      async function setPhase(phase: string): Promise<void> {
        if (!volume || volume.status?.phase === phase) return;
        await writeStatus(client, PersistentVolume, volume, { ...volume.status, phase });
      }

      async function withoutFinalizer({ metadata }: PersistentVolume): Promise<void> {
        if (!metadata.finalizers?.includes(volumeFinalizer)) return;
        const finalizers = metadata.finalizers.filter((finalizer) => finalizer !== volumeFinalizer);
        const body = { metadata: { uid: metadata.uid, finalizers: finalizers.length > 0 ? finalizers : null } };
        await client.patch(PersistentVolume, key, { type: "merge", body }, { fieldManager });
      }
    },
  });

/** Keeps claims that pods use from being removed under them. Writes: the claims' finalizer. */
export const claimProtectionController = (): Controller =>
  toleratingConflicts({
    name: "pvc-protection-controller",
    watches: [
      self(PersistentVolumeClaim),
      mapped(Pod, (pod) => {
        const namespace = pod.metadata.namespace as string;
        return pod.spec?.volumes ? claimsOf(pod).map(({ name }) => ({ namespace, name })) : [];
      }),
    ],
    async reconcile(key, { cache, client }) {
      const claim = cache.get(PersistentVolumeClaim, key);
      if (!claim) return undefined;
      const { finalizers = [], uid, deletionTimestamp } = claim.metadata;
      const isProtected = finalizers.includes(claimFinalizer);
      let wanted = finalizers;
      if (!deletionTimestamp && !isProtected) wanted = [...finalizers, claimFinalizer];
      if (deletionTimestamp && isProtected) {
        const isUsed = cache
          .list(Pod, key.namespace)
          .some((pod) => !isFinished(pod) && pod.spec?.nodeName && claimsOf(pod).some(({ name }) => name === key.name));
        if (!isUsed) wanted = finalizers.filter((finalizer) => finalizer !== claimFinalizer);
      }
      if (wanted === finalizers) return undefined;
      const body = { metadata: { uid, finalizers: wanted.length > 0 ? wanted : null } };
      await client.patch(PersistentVolumeClaim, keyOf(claim), { type: "merge", body }, { fieldManager });
      return undefined;
    },
  });
