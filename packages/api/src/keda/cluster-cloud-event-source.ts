import { kind } from "../define-kind.ts";
import type { ObjectOf } from "../kind.ts";
import { CloudEventSourceSpec, CloudEventSourceStatus } from "./cloud-event-source-spec.ts";

export const ClusterCloudEventSource = kind({
  group: "eventing.keda.sh",
  version: "v1alpha1",
  kind: "ClusterCloudEventSource",
  scope: "Cluster",
  summary: "Sends what happens to the scaled objects of all namespaces on as CloudEvents.",
  columns: [{ name: "Active", type: "string", jsonPath: '.status.conditions[?(@.type=="Active")].status' }],
  spec: CloudEventSourceSpec,
  status: CloudEventSourceStatus,
});
export type ClusterCloudEventSource = ObjectOf<typeof ClusterCloudEventSource>;
