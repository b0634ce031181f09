import type { CloudEventSource, KubernetesObject } from "@bellows/api";

type Subscription = NonNullable<NonNullable<CloudEventSource["spec"]>["eventSubscription"]>;
export type CloudEventType = NonNullable<Subscription["includedEventTypes"]>[number];

/** Which reasons of Kubernetes Events are also CloudEvents, by kind. Others are for Kubernetes alone. */
const typesByReason: Readonly<Record<string, Readonly<Record<string, CloudEventType>>>> = {
  ScaledObject: {
    ScaledObjectReady: "keda.scaledobject.ready.v1",
    ScaledObjectCheckFailed: "keda.scaledobject.failed.v1",
    ScaledObjectUpdateFailed: "keda.scaledobject.failed.v1",
    ScaledObjectDeleted: "keda.scaledobject.removed.v1",
    ScaledObjectPaused: "keda.scaledobject.paused.v1",
    ScaledObjectUnpaused: "keda.scaledobject.unpaused.v1",
  },
  ScaledJob: {
    ScaledJobReady: "keda.scaledjob.ready.v1",
    ScaledJobCheckFailed: "keda.scaledjob.failed.v1",
    ScaledJobUpdateFailed: "keda.scaledjob.failed.v1",
    ScaledJobDeleted: "keda.scaledjob.removed.v1",
    ScaledJobPaused: "keda.scaledjob.paused.v1",
    ScaledJobUnpaused: "keda.scaledjob.unpaused.v1",
    ScaledJobRolloutCleanupStarted: "keda.scaledjob.rolloutcleanup.started.v1",
    ScaledJobRolloutCleanupCompleted: "keda.scaledjob.rolloutcleanup.completed.v1",
    ScaledJobRolloutCleanupFailed: "keda.scaledjob.rolloutcleanup.failed.v1",
  },
  TriggerAuthentication: {
    TriggerAuthenticationAdded: "keda.authentication.triggerauthentication.created.v1",
    // The Event of both kinds has this reason, as upstream.
    ClusterTriggerAuthenticationUpdated: "keda.authentication.triggerauthentication.updated.v1",
    TriggerAuthenticationDeleted: "keda.authentication.triggerauthentication.removed.v1",
  },
  ClusterTriggerAuthentication: {
    ClusterTriggerAuthenticationAdded: "keda.authentication.clustertriggerauthentication.created.v1",
    ClusterTriggerAuthenticationUpdated: "keda.authentication.clustertriggerauthentication.updated.v1",
    ClusterTriggerAuthenticationDeleted: "keda.authentication.clustertriggerauthentication.removed.v1",
  },
};

/** All types that there are. */
export const cloudEventTypes: ReadonlySet<string> = new Set(Object.values(typesByReason).flatMap(Object.values));

/** The type of the CloudEvent that an Event of an object is as well; undefined for none. */
export const cloudEventTypeOf = ({ kind = "" }: KubernetesObject, reason: string): CloudEventType | undefined =>
  typesByReason[kind]?.[reason];

/** Whether a source wants events of a type. Where it names some to be sent, those that are not to be don't matter. */
export function isSubscribed(
  { includedEventTypes = [], excludedEventTypes = [] }: Subscription,
  type: CloudEventType,
): boolean {
  return includedEventTypes.length > 0 ? includedEventTypes.includes(type) : !excludedEventTypes.includes(type);
}
