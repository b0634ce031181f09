import type { Cloud } from "@bellows/aws";
import type { Controller } from "@bellows/kube";
import { createFleet } from "./cluster/fleet.ts";
import { consolidatableController } from "./disruption/consolidatable-controller.ts";
import { disruptionController } from "./disruption/controller.ts";
import { expirationController } from "./expiration/controller.ts";
import { garbageCollectionController } from "./garbage-collection/controller.ts";
import { lifecycleController } from "./lifecycle/controller.ts";
import { nodeClassController } from "./nodeclass/controller.ts";
import { nodePoolController } from "./nodepool/controller.ts";
import { NodeProvider } from "./provider/node-provider.ts";
import { provisioningController } from "./provisioning/controller.ts";
import { terminationController } from "./termination/controller.ts";

export interface NodeProvisionerOptions {
  readonly cloud: Cloud;
  readonly clusterName: string;
  readonly clusterEndpoint?: string;
  readonly certificateAuthority?: string;
  readonly serviceCidr?: string;
  /** How long nothing new must have come before a decision; default 1 s, upstream's BATCH_IDLE_DURATION. */
  readonly batchIdleMs?: number;
  /** How long to wait for that at most; default 10 s, upstream's BATCH_MAX_DURATION. */
  readonly batchMaxMs?: number;
  /** Acts on what is about to be Pending: workloads that lack pods, pods that were not tried yet. Default true. */
  readonly feedForward?: boolean;
  /** Default `Respect`, as upstream's PREFERENCE_POLICY. */
  readonly preferencePolicy?: "Respect" | "Ignore";
  /** Default `Strict`, as upstream's MIN_VALUES_POLICY. */
  readonly minValuesPolicy?: "Strict" | "BestEffort";
  /** Default 0.075, as upstream's VM_MEMORY_OVERHEAD_PERCENT. */
  readonly vmMemoryOverhead?: number;
  /** Network interfaces that pods cannot use; default 0, as upstream's RESERVED_ENIS. */
  readonly reservedEnis?: number;
  /** Of nodes whose AWSNodeTemplate names none; default `KarpenterNodeInstanceProfile-<clusterName>`. */
  readonly defaultInstanceProfile?: string;
}

/** The node provisioner: nodes for pods that fit on none, and their end. One set a process; they share what they know. */
export function nodeProvisionerControllers(options: NodeProvisionerOptions): Controller[] {
  const { cloud, clusterName, clusterEndpoint, certificateAuthority, serviceCidr } = options;
  const provider = new NodeProvider({
    cloud,
    cluster: {
      name: clusterName,
      ...(clusterEndpoint && { endpoint: clusterEndpoint }),
      ...(certificateAuthority && { certificateAuthority }),
      ...(serviceCidr && { serviceCidr }),
    },
    ...(options.vmMemoryOverhead !== undefined && { vmMemoryOverhead: options.vmMemoryOverhead }),
    ...(options.reservedEnis !== undefined && { reservedEnis: options.reservedEnis }),
  });
  const fleet = createFleet(provider, options.defaultInstanceProfile ?? `KarpenterNodeInstanceProfile-${clusterName}`);
  return [
    nodeClassController(fleet),
    nodePoolController(fleet),
    provisioningController(fleet, {
      idleMs: options.batchIdleMs ?? 1_000,
      maxMs: options.batchMaxMs ?? 10_000,
      feedForward: options.feedForward ?? true,
      preferencePolicy: options.preferencePolicy ?? "Respect",
      minValuesPolicy: options.minValuesPolicy ?? "Strict",
    }),
    lifecycleController(fleet),
    terminationController(fleet),
    consolidatableController(fleet),
    disruptionController(fleet),
    expirationController(),
    garbageCollectionController(fleet),
  ];
}
