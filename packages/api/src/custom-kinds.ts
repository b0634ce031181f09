import { ClusterProportionalAutoscaler } from "./bellows/cluster-proportional-autoscaler.ts";
import { BellowsHorizontalPodAutoscaler } from "./bellows/horizontal-pod-autoscaler.ts";
import { LoadProfile } from "./bellows/load-profile.ts";
import { type CrdObject, type CrdOptions, crdOf } from "./crd.ts";
import { NodeClaim } from "./karpenter/node-claim.ts";
import { NodeOverlay } from "./karpenter/node-overlay.ts";
import { NodePool } from "./karpenter/node-pool.ts";
import { Machine } from "./karpenter/v1alpha5/machine.ts";
import { Provisioner } from "./karpenter/v1alpha5/provisioner.ts";
import { NodeClaimV1Beta1 } from "./karpenter/v1beta1/node-claim.ts";
import { NodePoolV1Beta1 } from "./karpenter/v1beta1/node-pool.ts";
import { EC2NodeClass } from "./karpenter-aws/ec2-node-class.ts";
import { AWSNodeTemplate } from "./karpenter-aws/v1alpha1/aws-node-template.ts";
import { EC2NodeClassV1Beta1 } from "./karpenter-aws/v1beta1/ec2-node-class.ts";
import {
  CloudEventSource,
  ClusterCloudEventSource,
  ClusterTriggerAuthentication,
  ScaledJob,
  ScaledObject,
  TriggerAuthentication,
} from "./keda/index.ts";
import type { Kind } from "./kind.ts";
import { VerticalPodAutoscaler, VerticalPodAutoscalerCheckpoint } from "./vpa/index.ts";

/** A custom resource: its versions, the stored one first, and what else its CRD says. */
export interface CustomResource {
  readonly versions: readonly [Kind, ...Kind[]];
  readonly options?: CrdOptions;
}

/**
 * Where the node provisioner answers for the conversion of Karpenter's kinds. It puts its certificate into the CRDs
 * itself. Until it runs only requests in the old version fail: objects are stored in the new one.
 */
export const conversionService = {
  namespace: "bellows",
  name: "bellows-node-provisioner",
  path: "/convert",
  port: 8443,
} as const;

const converted: CrdOptions = {
  deprecated: {
    v1beta1: "karpenter v1beta1 kinds are deprecated; use v1",
  },
  conversion: {
    strategy: "Webhook",
    webhook: { conversionReviewVersions: ["v1"], clientConfig: { service: { ...conversionService } } },
  },
};

/** Every custom resource that we bring, by group and kind. */
export const customResources: readonly CustomResource[] = [
  { versions: [VerticalPodAutoscaler] },
  { versions: [VerticalPodAutoscalerCheckpoint] },
  { versions: [BellowsHorizontalPodAutoscaler] },
  { versions: [ClusterProportionalAutoscaler] },
  { versions: [LoadProfile] },
  { versions: [CloudEventSource] },
  { versions: [ClusterCloudEventSource] },
  { versions: [AWSNodeTemplate] },
  { versions: [EC2NodeClass, EC2NodeClassV1Beta1], options: converted },
  { versions: [Machine] },
  { versions: [NodeClaim, NodeClaimV1Beta1], options: converted },
  { versions: [NodeOverlay] },
  { versions: [NodePool, NodePoolV1Beta1], options: converted },
  { versions: [Provisioner] },
  { versions: [ClusterTriggerAuthentication] },
  { versions: [ScaledJob] },
  { versions: [ScaledObject] },
  { versions: [TriggerAuthentication] },
];

/** Every custom kind in every version. */
export const customKinds: readonly Kind[] = customResources.flatMap(({ versions }) => [...versions]);

/** The CustomResourceDefinitions of all {@link customResources}. */
export function customResourceDefinitions(): CrdObject[] {
  return customResources.map(({ versions, options }) => crdOf(versions, options));
}
