export { CloudEventSource } from "./cloud-event-source.ts";
export { ClusterCloudEventSource } from "./cluster-cloud-event-source.ts";
export { ClusterTriggerAuthentication } from "./cluster-trigger-authentication.ts";
export { ScaledJob } from "./scaled-job.ts";
export { ScaledObject } from "./scaled-object.ts";
export type { KedaCondition } from "./status.ts";
export type { AuthenticationRef, ScaledJobTrigger, ScaledObjectTrigger } from "./trigger.ts";
export { TriggerAuthentication } from "./trigger-authentication.ts";
export type { TriggerAuthenticationSpec } from "./trigger-authentication-spec.ts";
