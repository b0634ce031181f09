import { type ObjectReference, PersistentVolume, PersistentVolumeClaim, StorageClass } from "@bellows/api";
import { type Controller, type ControllerContext, keyOf, mapped, self } from "@bellows/kube";
import { bestVolume, isBound, selectedNodeAnnotation, storageClassOf } from "../../scheduler/engine/volumes.ts";
import { fieldManager, toleratingConflicts, writeStatus } from "../writes.ts";
import { isProvisionedHere, type ProvisionerOptions, provision } from "./provisioner.ts";

const bindCompleted = "pv.kubernetes.io/bind-completed";
const boundByController = "pv.kubernetes.io/bound-by-controller";

/** Binds claims to volumes, making volumes where a StorageClass says how. Writes: claims, volumes, Events. */
export function claimBinder(options: ProvisionerOptions = {}): Controller {
  const started = new Map<string, number>();
  return toleratingConflicts({
    name: "persistentvolume-controller",
    watches: [
      self(PersistentVolumeClaim),
      mapped(PersistentVolume, (volume, { cache }) => {
        const { namespace, name } = volume.spec?.claimRef ?? {};
        if (name) return [{ name, ...(namespace && { namespace }) }];
        // A volume that nobody has may serve any claim that waits.
        return cache
          .list(PersistentVolumeClaim)
          .filter((claim) => !isBound(claim))
          .map(keyOf);
      }),
      mapped(StorageClass, (_, { cache }) =>
        cache
          .list(PersistentVolumeClaim)
          .filter((claim) => !isBound(claim))
          .map(keyOf),
      ),
    ],
    async reconcile(key, context) {
      const claim = context.cache.get(PersistentVolumeClaim, key);
      if (!claim || claim.metadata.deletionTimestamp) return undefined;
      if (claim.spec?.volumeName) return syncNamed(claim, context);
      return syncUnbound(claim, context, options, started);
    },
  });
}

async function syncNamed(claim: PersistentVolumeClaim, context: ControllerContext) {
  const { cache, client, events } = context;
  const volume = cache.get(PersistentVolume, { name: claim.spec?.volumeName as string });
  const owner = volume?.spec?.claimRef;
  if (!volume || (owner?.uid && owner.uid !== claim.metadata.uid)) {
    if (!isBound(claim)) return void (await pending(claim, context));
    if (claim.status?.phase === "Lost") return undefined;
    const reason = volume ? "ClaimMisbound" : "ClaimLost";
    const message = volume
      ? "Two claims are bound to the same volume, this one is bound incorrectly"
      : "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
    await writeStatus(client, PersistentVolumeClaim, claim, { ...claim.status, phase: "Lost" });
    events.record(claim, { type: "Warning", reason, message });
    return undefined;
  }
  await bind(claim, volume, context);
  return undefined;
}

async function syncUnbound(
  claim: PersistentVolumeClaim,
  context: ControllerContext,
  options: ProvisionerOptions,
  started: Map<string, number>,
) {
  const { cache, events } = context;
  const name = storageClassOf(claim);
  const storageClass = name === "" ? undefined : cache.get(StorageClass, { name });
  const waits = storageClass?.volumeBindingMode === "WaitForFirstConsumer";
  const selected = claim.metadata.annotations?.[selectedNodeAnnotation];
  const volumes = cache.informer(PersistentVolume).values();
  const volume = bestVolume(volumes, claim);
  // Where a claim waits for its first consumer, only a volume that was reserved for it is taken.
  if (volume && (!waits || volume.spec?.claimRef)) {
    await bind(claim, volume, context);
    return undefined;
  }
  if (waits && selected === undefined) {
    await pending(claim, context);
    const message = "waiting for first consumer to be created before binding";
    events.record(claim, { type: "Normal", reason: "WaitForFirstConsumer", message });
    return undefined;
  }
  if (!storageClass) {
    await pending(claim, context);
    if (name !== "") {
      const message = `storageclass.storage.k8s.io ${JSON.stringify(name)} not found`;
      events.record(claim, { type: "Warning", reason: "ProvisioningFailed", message });
    } else {
      const message = "no persistent volumes available for this claim and no storage class is set";
      events.record(claim, { type: "Normal", reason: "FailedBinding", message });
    }
    return undefined;
  }
  await pending(claim, context);
  if (!isProvisionedHere(storageClass)) {
    const message =
      `Waiting for a volume to be created either by the external provisioner '${storageClass.provisioner}' or manually by ` +
      "the system administrator. If volume creation is delayed, please verify that the provisioner is running and " +
      "correctly registered.";
    events.record(claim, { type: "Normal", reason: "ExternalProvisioning", message });
    return undefined;
  }
  return provision(claim, storageClass, context, options, started);
}

async function pending(claim: PersistentVolumeClaim, { client }: ControllerContext): Promise<void> {
  if (claim.status?.phase !== "Pending") {
    await writeStatus(client, PersistentVolumeClaim, claim, { ...claim.status, phase: "Pending" });
  }
}

/** Order: the volume names the claim, then the claim the volume; a crash in between is found by the name on the volume. */
async function bind(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
  { client }: ControllerContext,
): Promise<void> {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  let current = volume;
  if (volume.spec?.claimRef?.uid !== uid) {
    const claimRef = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      namespace,
      name,
      uid,
      resourceVersion,
    } as ObjectReference;
    const annotations = volume.spec?.claimRef
      ? volume.metadata.annotations
      : { ...volume.metadata.annotations, [boundByController]: "yes" };
    const metadata = { ...volume.metadata, ...(annotations && { annotations }) };
    current = await client.update(
      PersistentVolume,
      { ...volume, metadata, spec: { ...volume.spec, claimRef } },
      { fieldManager },
    );
  }
  if (current.status?.phase !== "Bound") {
    current = await writeStatus(client, PersistentVolume, current, { ...current.status, phase: "Bound" });
  }
  let bound = claim;
  if (!isBound(claim)) {
    const annotations = {
      ...claim.metadata.annotations,
      [bindCompleted]: "yes",
      ...(!claim.spec?.volumeName && { [boundByController]: "yes" }),
    };
    const spec = { ...claim.spec, volumeName: current.metadata.name };
    bound = await client.update(
      PersistentVolumeClaim,
      { ...claim, metadata: { ...claim.metadata, annotations }, spec },
      { fieldManager },
    );
  }
  const status = {
    ...bound.status,
    phase: "Bound",
    ...(current.spec?.accessModes && { accessModes: current.spec.accessModes }),
    ...(current.spec?.capacity && { capacity: current.spec.capacity }),
  };
  await writeStatus(client, PersistentVolumeClaim, bound, status);
}
