import { kind } from "../define-kind.ts";
import type { ObjectOf } from "../kind.ts";
import { CloudEventSourceSpec, CloudEventSourceStatus } from "./cloud-event-source-spec.ts";

export const CloudEventSource = kind({
  group: "eventing.keda.sh",
  version: "v1alpha1",
  kind: "CloudEventSource",
  scope: "Namespaced",
  summary: "Sends what happens to the scaled objects on as CloudEvents.",
  columns: [{ name: "Active", type: "string", jsonPath: '.status.conditions[?(@.type=="Active")].status' }],
  spec: CloudEventSourceSpec,
  status: CloudEventSourceStatus,
});
export type CloudEventSource = ObjectOf<typeof CloudEventSource>;
