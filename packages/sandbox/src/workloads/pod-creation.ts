import { type Kind, type KubernetesObject, Pod, type PodTemplateSpec } from "@bellows/api";
import type { ControllerContext } from "@bellows/kube";
import { controllerReference, deleteExactly, fieldManager, isNamespaceTerminating } from "./writes.ts";

/** A pod as a template makes it: the template's metadata and spec, a generated name, controlled by its owner. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubernetesObject, ownerKind: Kind): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const prefix = `${owner.metadata.name}-`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      generateName: prefix.length <= 253 ? prefix : owner.metadata.name,
      namespace: owner.metadata.namespace,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...(finalizers && { finalizers }),
      ownerReferences: [controllerReference(ownerKind, owner)],
    } as Pod["metadata"],
    ...(template.spec && { spec: template.spec }),
  };
}

/** Creates a pod and tells so by an Event of its owner; a refusal is told too, and thrown on. */
export async function createPod(
  { client, events }: ControllerContext,
  owner: KubernetesObject,
  pod: Pod,
): Promise<Pod> {
  try {
    const created = await client.create(Pod, pod, { fieldManager });
    events.record(owner, {
      type: "Normal",
      reason: "SuccessfulCreate",
      message: `Created pod: ${created.metadata.name}`,
    });
    return created;
  } catch (error) {
    if (!isNamespaceTerminating(error)) {
      const message = `Error creating: ${error instanceof Error ? error.message : String(error)}`;
      events.record(owner, { type: "Warning", reason: "FailedCreate", message });
    }
    throw error;
  }
}

export async function deletePod(
  { client, events }: ControllerContext,
  owner: KubernetesObject,
  pod: Pod,
): Promise<void> {
  try {
    await deleteExactly(client, Pod, pod);
    events.record(owner, { type: "Normal", reason: "SuccessfulDelete", message: `Deleted pod: ${pod.metadata.name}` });
  } catch (error) {
    const message = `Error deleting: ${error instanceof Error ? error.message : String(error)}`;
    events.record(owner, { type: "Warning", reason: "FailedDelete", message });
    throw error;
  }
}

/**
 * Runs `act` `count` times in batches of 1, 2, 4, ... and stops after the first batch with a failure: where creation is
 * refused, one try tells as much as a thousand (controller `slowStartBatch`).
 */
export async function slowStart(count: number, act: (index: number) => Promise<unknown>): Promise<void> {
  let done = 0;
  for (let batch = Math.min(1, count); batch > 0; batch = Math.min(2 * batch, count - done)) {
    const first = done;
    const results = await Promise.allSettled(Array.from({ length: batch }, (_, index) => act(first + index)));
    const failure = results.find((result) => result.status === "rejected");
    if (failure) throw failure.reason;
    done += batch;
  }
}
