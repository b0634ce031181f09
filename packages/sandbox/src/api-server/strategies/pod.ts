import { Quantity } from "@bellows/api";
import { type ApiObject, record, withFields, withMetadata } from "../api-object.ts";
import type { Strategy } from "./strategy.ts";

interface Container {
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
}

/** Pods: a new one is Pending and in a class of quality of service; a deleted one has time to end its work. */
export const podStrategy: Partial<Strategy> = {
  returnsDeleted: true,
  prepareForCreate(pod) {
    const conditions =
      Array.isArray(record(pod.spec).schedulingGates) && (record(pod.spec).schedulingGates as unknown[]).length > 0
        ? [
            {
              type: "PodScheduled",
              status: "False",
              reason: "SchedulingGated",
              message: "Scheduling is blocked due to non-empty scheduling gates",
            },
          ]
        : undefined;
    return withMetadata(
      withFields(pod, { status: { phase: "Pending", qosClass: qosClass(pod), ...(conditions && { conditions }) } }),
      { generation: 1 },
    );
  },
  prepareForUpdate: (pod, before) => withFields(pod, { status: before.status }),
  prepareForStatusUpdate(pod, before) {
    const { ownerReferences } = before.metadata;
    const status = record(pod.status);
    const qos = record(before.status).qosClass;
    const next = qos !== undefined && status.qosClass === undefined ? { ...status, qosClass: qos } : status;
    return withMetadata({ ...pod, status: next }, { ownerReferences } as Partial<ApiObject["metadata"]>);
  },
  gracePeriodSeconds(pod, requested) {
    const { nodeName, terminationGracePeriodSeconds } = record(pod.spec);
    const { phase } = record(pod.status);
    // Nothing has been started, or all has ended: nothing to wait for.
    if (!nodeName || phase === "Succeeded" || phase === "Failed") return 0;
    const period = requested ?? (terminationGracePeriodSeconds as number | undefined) ?? 30;
    return period < 0 ? 1 : period;
  },
};

const qosResources = ["cpu", "memory"] as const;

/** Guaranteed, Burstable or BestEffort (`ComputePodQOS`): by requests and limits of CPU and memory of all containers. */
export function qosClass(pod: ApiObject): "Guaranteed" | "Burstable" | "BestEffort" {
  const spec = record(pod.spec);
  const podLevel = spec.resources as Container["resources"];
  const containers = podLevel
    ? [{ resources: podLevel }]
    : [
        ...((spec.containers as Container[] | undefined) ?? []),
        ...((spec.initContainers as Container[] | undefined) ?? []),
      ];
  let asks = false;
  let guaranteed = true;
  for (const { resources } of containers) {
    for (const name of qosResources) {
      const request = positive(resources?.requests?.[name]);
      const limit = positive(resources?.limits?.[name]);
      if (request || limit) asks = true;
      if (!limit || (request && request.compare(limit) !== 0)) guaranteed = false;
    }
  }
  if (!asks) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

function positive(text: string | undefined): Quantity | undefined {
  if (text === undefined) return undefined;
  const quantity = Quantity.parse(text);
  return quantity.sign > 0 ? quantity : undefined;
}
