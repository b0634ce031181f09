import { Node, PersistentVolume, PersistentVolumeClaim, type StorageClass } from "@bellows/api";
import { type ControllerContext, isAlreadyExists, keyOf, lookAgainAt, randomHex } from "@bellows/kube";
import { selectedNodeAnnotation } from "../../scheduler/engine/volumes.ts";
import { fieldManager } from "../writes.ts";

export interface ProvisionerOptions {
  /** How long EC2 takes to make a volume; default 3 s. */
  readonly provisionMs?: number;
}

const driver = "ebs.csi.aws.com";
const zoneLabel = "topology.kubernetes.io/zone";
const provisioners = new Set([driver, "kubernetes.io/aws-ebs", "ebs.csi.eks.amazonaws.com"]);

/** Whether volumes of a class are made by the sandbox: EBS, by the names that its provisioners go by. */
export const isProvisionedHere = ({ provisioner }: StorageClass): boolean => provisioners.has(provisioner);

/** Makes an EBS volume in the zone of the selected node, after the time that takes. */
export async function provision(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  { cache, client, clock, events, random }: ControllerContext,
  { provisionMs = 3_000 }: ProvisionerOptions,
  started: Map<string, number>,
) {
  const { namespace, name, uid = "" } = claim.metadata;
  const nodeName = claim.metadata.annotations?.[selectedNodeAnnotation];
  const zone = zoneFor(storageClass, nodeName, cache);
  if (!zone) {
    // Giving the node back lets the scheduler choose another.
    const message = `failed to provision volume with StorageClass "${storageClass.metadata.name}": error generating accessibility requirements: no topology key found on node ${nodeName ?? ""}`;
    events.record(claim, { type: "Warning", reason: "ProvisioningFailed", message });
    const annotations = { [selectedNodeAnnotation]: null };
    if (nodeName) {
      await client.patch(
        PersistentVolumeClaim,
        keyOf(claim),
        { type: "merge", body: { metadata: { annotations } } },
        { fieldManager },
      );
    }
    return undefined;
  }
  const now = clock.now();
  const since = started.get(uid);
  if (since === undefined) {
    started.set(uid, now);
    const message = `External provisioner is provisioning volume for claim "${namespace}/${name}"`;
    events.record(claim, { type: "Normal", reason: "Provisioning", message });
    return lookAgainAt(now + provisionMs);
  }
  if (now < since + provisionMs) return lookAgainAt(since + provisionMs);
  started.delete(uid);
  const volumeName = `pvc-${uid}`;
  const type = storageClass.parameters?.["type"];
  const volume: PersistentVolume = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name: volumeName,
      annotations: { "pv.kubernetes.io/provisioned-by": storageClass.provisioner },
    },
    spec: {
      capacity: { storage: claim.spec?.resources?.requests?.["storage"] ?? "1Gi" },
      accessModes: claim.spec?.accessModes ?? ["ReadWriteOnce"],
      volumeMode: claim.spec?.volumeMode ?? "Filesystem",
      storageClassName: storageClass.metadata.name,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? "Delete",
      ...(storageClass.mountOptions && { mountOptions: storageClass.mountOptions }),
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", ...(namespace && { namespace }), name, uid },
      csi: {
        driver,
        volumeHandle: `vol-0${randomHex(random, 16)}`,
        fsType: storageClass.parameters?.["csi.storage.k8s.io/fstype"] ?? "ext4",
        ...(type && { volumeAttributes: { type } }),
      },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: zoneLabel, operator: "In", values: [zone] }] }] },
      },
    },
  };
  await client.create(PersistentVolume, volume, { fieldManager }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
  });
  const message = `Successfully provisioned volume ${volumeName}`;
  events.record(claim, { type: "Normal", reason: "ProvisioningSucceeded", message });
  return undefined;
}

/** The zone of the selected node; without one (Immediate binding) the first that the class allows, or that has a node. */
function zoneFor(
  storageClass: StorageClass,
  nodeName: string | undefined,
  cache: ControllerContext["cache"],
): string | undefined {
  if (nodeName) return cache.get(Node, { name: nodeName })?.metadata.labels?.[zoneLabel];
  const allowed = (storageClass.allowedTopologies ?? []).flatMap((term) =>
    (term.matchLabelExpressions ?? []).filter(({ key }) => key.endsWith("/zone")).flatMap(({ values }) => values),
  );
  if (allowed.length > 0) return allowed[0];
  const zones = cache.list(Node).flatMap(({ metadata }) => metadata.labels?.[zoneLabel] ?? []);
  return zones.sort()[0];
}
