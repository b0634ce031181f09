import { type ApiObject, record, withFields, withMetadata } from "../api-object.ts";
import { qosClass } from "./qos-class.ts";
import type { Strategy } from "./strategy.ts";

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
