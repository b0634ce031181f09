import {
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  type KubernetesObject,
  Pod,
  type PodSpec,
  ScaledJob,
  ScaledObject,
  StatefulSet,
} from "@bellows/api";
import { type Projection, projection, type Share, sharing, withoutManagedFields, withSharedTexts } from "@bellows/kube";

/**
 * What the event scaler keeps of the objects it watches, for a process that has them for nothing else: of pods what
 * counts them and their requests, of workloads the requests alone. Labels, requests, conditions and texts are kept once
 * for all that share them.
 */
export function eventScalerProjections(): readonly Projection[] {
  const share = sharing();
  const compact = <T extends KubernetesObject>(object: T) => withSharedTexts(withoutManagedFields(object), share);
  return [
    projection<ScaledObject>({ kind: ScaledObject, project: compact }),
    projection<ScaledJob>({ kind: ScaledJob, project: compact }),
    projection<HorizontalPodAutoscaler>({ kind: HorizontalPodAutoscaler, project: compact }),
    projection<Pod>({ kind: Pod, project: (pod) => podOf(pod, share) }),
    projection<Job>({ kind: Job, project: jobOf }),
    projection<Deployment>({ kind: Deployment, project: (workload) => workloadOf(workload, share) }),
    projection<StatefulSet>({ kind: StatefulSet, project: (workload) => workloadOf(workload, share) }),
  ];
}

/** Its template is as large as the ScaledJob's own, and read from there. */
function jobOf(job: Job): Job {
  const { spec: _, ...rest } = withoutManagedFields(job);
  return rest;
}

function podOf({ metadata, spec, status }: Pod, share: Share): Pod {
  const { namespace, name, labels, deletionTimestamp } = metadata;
  const { phase, startTime, conditions = [] } = status ?? {};
  return {
    metadata: {
      name,
      ...(namespace !== undefined && { namespace: share(namespace) }),
      ...(labels && { labels: share(labels) }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    },
    ...(spec && { spec: share(requestsOf(spec)) }),
    status: {
      ...(phase !== undefined && { phase: share(phase) }),
      ...(startTime !== undefined && { startTime }),
      conditions: conditions.map(({ type, status: state, lastTransitionTime }) => ({
        type: share(type),
        status: share(state),
        ...(type === "Ready" && lastTransitionTime !== undefined && { lastTransitionTime }),
      })),
    },
  };
}

function workloadOf<T extends Deployment | StatefulSet>({ metadata, spec }: T, share: Share): T {
  const { namespace, name, uid, resourceVersion } = metadata;
  const template = spec?.template.spec && { spec: share(requestsOf(spec.template.spec)) };
  return { metadata: { namespace, name, uid, resourceVersion }, spec: { template } } as unknown as T;
}

/** The requests and limits of each container. */
function requestsOf(spec: PodSpec): PodSpec {
  const only = (containers: PodSpec["containers"]) =>
    containers.map(({ name, resources, restartPolicy }) => ({
      name,
      ...(resources && { resources }),
      ...(restartPolicy !== undefined && { restartPolicy }),
    }));
  return {
    containers: only(spec.containers),
    ...(spec.initContainers && { initContainers: only(spec.initContainers) }),
    ...(spec.resources && { resources: spec.resources }),
  };
}
