import type { APIService } from "@bellows/api";

/** How kube-apiserver 1.35 ranks its own groups in discovery: priority of the group, and of the version. */
const priorities: Readonly<Record<string, readonly [group: number, version: number]>> = {
  "/v1": [18000, 1],
  "apps/v1": [17800, 15],
  "events.k8s.io/v1": [17750, 15],
  "authentication.k8s.io/v1": [17700, 15],
  "authorization.k8s.io/v1": [17600, 15],
  "autoscaling/v1": [17500, 15],
  "autoscaling/v2": [17500, 30],
  "batch/v1": [17400, 15],
  "certificates.k8s.io/v1": [17300, 15],
  "networking.k8s.io/v1": [17200, 15],
  "policy/v1": [17100, 15],
  "rbac.authorization.k8s.io/v1": [17000, 15],
  "storage.k8s.io/v1": [16800, 15],
  "apiextensions.k8s.io/v1": [16700, 15],
  "admissionregistration.k8s.io/v1": [16700, 15],
  "scheduling.k8s.io/v1": [16600, 15],
  "coordination.k8s.io/v1": [16500, 15],
  "node.k8s.io/v1": [16300, 15],
  "discovery.k8s.io/v1": [16200, 15],
  "resource.k8s.io/v1": [16200, 21],
  "flowcontrol.apiserver.k8s.io/v1": [16100, 21],
};

const ofCustomResources: readonly [number, number] = [1000, 100];

/**
 * The APIService that stands for a group version the server itself serves, as it is kept for built-in groups (`onstart`)
 * and for those of CustomResourceDefinitions (`true`).
 *
 * @param now  a timestamp, for the condition
 */
export function localApiService(group: string, version: string, now: string): APIService {
  const known = priorities[`${group}/${version}`];
  const [groupPriorityMinimum, versionPriority] = known ?? ofCustomResources;
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: {
      name: `${version}.${group}`,
      labels: { "kube-aggregator.kubernetes.io/automanaged": known ? "onstart" : "true" },
    },
    spec: { ...(group && { group }), version, groupPriorityMinimum, versionPriority },
    status: {
      conditions: [
        {
          type: "Available",
          status: "True",
          lastTransitionTime: now,
          reason: "Local",
          message: "Local APIServices are always available",
        },
      ],
    },
  };
}
