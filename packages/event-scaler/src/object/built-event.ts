import type { KubernetesObject } from "@bellows/api";
import type { EventRecorder } from "@bellows/kube";
import type { Built } from "../scalers/index.ts";

/** Says of each trigger of an object that it has been opened, and what is odd about it. */
export const builtEvent =
  (object: KubernetesObject, { events }: { readonly events: EventRecorder }): Built =>
  (type, notices) => {
    events.record(object, { type: "Normal", reason: "KEDAScalersStarted", message: `Scaler ${type} is built` });
    for (const notice of notices) events.record(object, { ...notice, reason: "KEDAScalerInfo" });
  };
