import { DaemonSet, type Kind, Pod, ReplicaSet, ReplicationController, Service, selectorOfLabels } from "@bellows/api";
import type { Controller, ControllerContext, ObjectKey } from "@bellows/kube";
import { cronJobController } from "./cron-job/controller.ts";
import { daemonSetController } from "./daemon-set/controller.ts";
import { deploymentController } from "./deployment/controller.ts";
import { disruptionController } from "./disruption/controller.ts";
import { endpointSliceController, endpointSliceMirroringController } from "./endpoints/endpoint-slice-controller.ts";
import { endpointsController } from "./endpoints/endpoints-controller.ts";
import { garbageCollector } from "./garbage-collector/controller.ts";
import { jobController } from "./job/controller.ts";
import { ttlAfterFinishedController } from "./job/ttl-after-finished.ts";
import { namespaceController } from "./namespace/controller.ts";
import { defaultGracePeriods, nodeLifecycleController } from "./node-lifecycle/controller.ts";
import type { GracePeriods } from "./node-lifecycle/node-health.ts";
import { podCollector } from "./node-lifecycle/pod-collector.ts";
import { taintEvictionController } from "./node-lifecycle/taint-eviction.ts";
import { byController, podsSelected } from "./object-index.ts";
import { paced } from "./paced.ts";
import { replicaSetController, replicationController } from "./replica-set/controller.ts";
import { resourceQuotaController } from "./resource-quota/controller.ts";
import { rootCaPublisher, serviceAccountController } from "./service-account/controllers.ts";
import { statefulSetController } from "./stateful-set/controller.ts";
import { claimBinder } from "./volumes/claim-binder.ts";
import { ephemeralClaimController } from "./volumes/ephemeral-claims.ts";
import type { ProvisionerOptions } from "./volumes/provisioner.ts";
import { claimProtectionController, volumeLifecycleController } from "./volumes/volume-lifecycle.ts";

export interface WorkloadOptions {
  /** The cluster's root certificate in PEM, published to every namespace; left out, none is. */
  readonly rootCa?: string;
  /** How long nodes may be silent; defaults of kube-controller-manager 1.35. */
  readonly nodeGrace?: Partial<GracePeriods>;
  readonly volumes?: ProvisionerOptions;
}

/** What kube-controller-manager runs, for one Manager: each is a client of the API server and shares its caches. */
export function workloadControllers(options: WorkloadOptions = {}): Controller[] {
  return [
    serviceAccountController(),
    ...(options.rootCa === undefined ? [] : [rootCaPublisher(options.rootCa)]),
    namespaceController(),
    deploymentController(),
    paced(replicaSetController(), 0.2, podsOf(ReplicaSet)),
    paced(replicationController(), 0.2, podsOf(ReplicationController)),
    statefulSetController(),
    paced(daemonSetController(), 0.2, podsOf(DaemonSet)),
    jobController(),
    cronJobController(),
    ttlAfterFinishedController(),
    paced(endpointsController(), 1, podsBehind),
    paced(endpointSliceController(), 1, podsBehind),
    endpointSliceMirroringController(),
    disruptionController(),
    nodeLifecycleController({ ...defaultGracePeriods, ...options.nodeGrace }),
    taintEvictionController(),
    podCollector(),
    claimBinder(options.volumes),
    volumeLifecycleController(),
    claimProtectionController(),
    ephemeralClaimController(),
    paced(resourceQuotaController(), 0.2, ({ namespace }, { cache }) => cache.list(Pod, namespace).length),
    garbageCollector(),
  ];
}

/** The pods that an owner controls. */
const podsOf =
  (kind: Kind) =>
  (key: ObjectKey, { cache }: ControllerContext): number =>
    byController(cache, Pod).at(cache.get(kind, key)?.metadata.uid ?? "").length;

/** The pods that a Service selects. */
function podsBehind(key: ObjectKey, { cache }: ControllerContext): number {
  const selector = cache.get(Service, key)?.spec?.selector;
  return selector ? podsSelected(cache, key.namespace ?? "", selectorOfLabels(selector)).length : 0;
}
