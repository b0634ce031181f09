import { Deployment, HorizontalPodAutoscaler, Pod, StatefulSet } from "@bellows/api";
import { type Projection, projection, type Share, sharing, withoutManagedFields } from "@bellows/kube";

type Containers = NonNullable<NonNullable<Pod["spec"]>["containers"]>;

/**
 * What the autoscaler keeps of the objects it watches, for a process that has them for nothing else. Labels and requests
 * are shared between the pods of a ReplicaSet.
 */
export function hpaProjections(): readonly Projection[] {
  const share = sharing();
  return [
    projection<Pod>({ kind: Pod, project: (pod) => projectPod(pod, share) }),
    projection<Deployment>({ kind: Deployment, project: (deployment) => projectWorkload(deployment, share) }),
    projection<StatefulSet>({ kind: StatefulSet, project: (set) => projectWorkload(set, share) }),
    projection<HorizontalPodAutoscaler>({ kind: HorizontalPodAutoscaler, project: withoutManagedFields }),
  ];
}

function projectPod({ metadata, spec, status }: Pod, share: Share): Pod {
  const { namespace, name, labels, deletionTimestamp } = metadata;
  const { phase, startTime, conditions = [] } = status ?? {};
  const ready = conditions.find(({ type }) => type === "Ready");
  return {
    metadata: {
      name,
      ...(namespace !== undefined && { namespace: share(namespace) }),
      ...(labels && { labels: share(labels) }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    },
    ...(spec && { spec: share(requestsOnly(spec)) }),
    status: {
      ...(phase !== undefined && { phase: share(phase) }),
      ...(startTime !== undefined && { startTime }),
      ...(ready && { conditions: [readyOnly(ready, share)] }),
    },
  };
}

type Condition = NonNullable<NonNullable<Pod["status"]>["conditions"]>[number];

const readyOnly = ({ status, lastTransitionTime }: Condition, share: Share): Condition => ({
  type: "Ready",
  status: share(status),
  ...(lastTransitionTime !== undefined && { lastTransitionTime }),
});

function requestsOnly(spec: NonNullable<Pod["spec"]>): NonNullable<Pod["spec"]> {
  const only = (containers: Containers): Containers =>
    containers.map(({ name, resources, restartPolicy }) => ({
      name,
      ...(resources?.requests && { resources: { requests: resources.requests } }),
      ...(restartPolicy !== undefined && { restartPolicy }),
    }));
  // The others count for pods with requests of their own.
  const counted = (spec.initContainers ?? []).filter(
    ({ restartPolicy }) => restartPolicy === "Always" || spec.resources?.requests,
  );
  return {
    containers: only(spec.containers),
    ...(counted.length > 0 && { initContainers: only(counted) }),
    ...(spec.resources?.requests && { resources: { requests: spec.resources.requests } }),
  };
}

function projectWorkload<T extends Deployment | StatefulSet>({ metadata, spec, status }: T, share: Share): T {
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    metadata: { namespace, name, uid, resourceVersion },
    spec: spec && { replicas: spec.replicas, selector: spec.selector && share(spec.selector) },
    status: { replicas: status?.replicas, updatedReplicas: status?.updatedReplicas },
  } as T;
}
