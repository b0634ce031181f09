import type { Controller, Metrics } from "@bellows/kube";
import { type MetricValue, openTrigger } from "@bellows/triggers";
import { clusterTriggerAuthenticationController, triggerAuthenticationController } from "./authentication/index.ts";
import { CloudEventEmitter, type CloudEventOptions, cloudEventSourceControllers } from "./cloud-events/index.ts";
import { type Engine, engineNamed } from "./engine/index.ts";
import { CloudEventMetrics, EventScalerMetrics } from "./metrics.ts";
import { scaledJobControllers } from "./scaled-job/index.ts";
import { createScaledObjectScaling } from "./scaled-object/index.ts";
import type { WakeAutoscaler } from "./scaled-object/wake-hpa.ts";
import { Scalers, type ScalersOptions } from "./scalers/index.ts";

export interface EventScalerOptions extends Omit<ScalersOptions, "openTrigger"> {
  /** Default: every type of the catalogue. */
  readonly openTrigger?: ScalersOptions["openTrigger"];
  /** What scales ScaledObjects between one and the maximum where their annotation doesn't say; default: an HPA. */
  readonly engine?: Engine;
  /** Wakes the HPA controller, where it runs in this process: for metrics that changed. */
  readonly wakeAutoscaler?: WakeAutoscaler;
  /** What CloudEvents say of this cluster, and how they are sent. */
  readonly cloudEvents?: CloudEventOptions;
  /** Where KEDA's Prometheus metrics are registered; default: nowhere. */
  readonly registry?: Metrics;
  /** Whether the durations of HTTP requests are told by object, trigger and metric; default: by type of triggers only. */
  readonly detailedDurations?: boolean;
}

/** The values of one metric of a ScaledObject, as the external metrics API gives them to an HPA. */
export type MetricValues = (
  namespace: string,
  scaledObjectName: string,
  metricName: string,
) => Promise<readonly MetricValue[]>;

/** What the external metrics API answers from. */
export interface MetricSource {
  /** Reads (or takes from the last poll) what an HPA asks for; rejects with what upstream's adapter answers. */
  readonly metricValues: MetricValues;
  /** Names of the external metrics of all ScaledObjects. */
  readonly metricNames: () => Iterable<string>;
}

export interface EventScaler extends MetricSource {
  readonly controllers: readonly Controller[];
}

/** The controllers of KEDA's kinds. They share the triggers that are open, so they belong into one manager. */
export function createEventScaler(options: EventScalerOptions): EventScaler {
  const complete = { openTrigger, ...options };
  const metrics = options.registry && new EventScalerMetrics(options.registry, options);
  const scalers = new Scalers({
    ...complete,
    emptyAnswer({ object, name }, metricName, ignoreNullValues) {
      metrics?.emptyResponse({
        namespace: object.namespace,
        scaledResource: object.name,
        triggerName: name,
        metricName,
        resourceType: object.kind === "ScaledJob" ? "scaledjob" : "scaledobject",
        ignoreNullValues,
      });
    },
    ...(metrics && {
      requested: ({ object, type, name }, metricName, { status, durationMs }) =>
        metrics.requested(
          { namespace: object.namespace, scaledResource: object.name, scaler: type, triggerName: name, metricName },
          { status, durationMs },
        ),
    }),
  });
  const scaledObjects = createScaledObjectScaling({
    scalers,
    metrics,
    wakeAutoscaler: options.wakeAutoscaler,
    engineOf: (object) => engineNamed(object) ?? options.engine ?? "hpa",
  });
  const emitter = new CloudEventEmitter();
  const cloudEventMetrics = options.registry && new CloudEventMetrics(options.registry);
  const scaling = [
    ...scaledObjects.controllers,
    ...scaledJobControllers({ scalers, ...(metrics && { metrics }) }),
    triggerAuthenticationController(metrics),
    clusterTriggerAuthenticationController(metrics),
  ];
  return {
    ...scaledObjects,
    controllers: [
      ...scaling.map((each) => emitter.emitting(each)),
      ...cloudEventSourceControllers({ ...options.cloudEvents, emitter, metrics, cloudEventMetrics }),
    ],
  };
}
