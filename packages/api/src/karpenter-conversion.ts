import type { NodeClaim } from "./karpenter/node-claim.ts";
import type { NodePool } from "./karpenter/node-pool.ts";
import {
  nodeClaimFromV1Beta1,
  nodeClaimToV1Beta1,
  nodePoolFromV1Beta1,
  nodePoolToV1Beta1,
} from "./karpenter/v1beta1/conversion.ts";
import type { NodeClaimV1Beta1 } from "./karpenter/v1beta1/node-claim.ts";
import type { NodePoolV1Beta1 } from "./karpenter/v1beta1/node-pool.ts";
import type { EC2NodeClass } from "./karpenter-aws/ec2-node-class.ts";
import { ConversionError } from "./karpenter-aws/node-template-conversion.ts";
import { nodeClassFromV1Beta1, nodeClassToV1Beta1 } from "./karpenter-aws/v1beta1/conversion.ts";
import type { EC2NodeClassV1Beta1 } from "./karpenter-aws/v1beta1/ec2-node-class.ts";
import type { KubernetesObject } from "./kind.ts";

type Convert = (object: never) => KubernetesObject;

/** By kind, from one API version to another. */
const conversions: Readonly<Record<string, Convert>> = {
  "NodePool karpenter.sh/v1beta1 karpenter.sh/v1": (pool: NodePoolV1Beta1) => nodePoolFromV1Beta1(pool),
  "NodePool karpenter.sh/v1 karpenter.sh/v1beta1": (pool: NodePool) => nodePoolToV1Beta1(pool),
  "NodeClaim karpenter.sh/v1beta1 karpenter.sh/v1": (claim: NodeClaimV1Beta1) => nodeClaimFromV1Beta1(claim),
  "NodeClaim karpenter.sh/v1 karpenter.sh/v1beta1": (claim: NodeClaim) => nodeClaimToV1Beta1(claim),
  "EC2NodeClass karpenter.k8s.aws/v1beta1 karpenter.k8s.aws/v1": (nodeClass: EC2NodeClassV1Beta1) =>
    nodeClassFromV1Beta1(nodeClass),
  "EC2NodeClass karpenter.k8s.aws/v1 karpenter.k8s.aws/v1beta1": (nodeClass: EC2NodeClass) =>
    nodeClassToV1Beta1(nodeClass),
};

/**
 * Converts an object of one of Karpenter's kinds to another version of it: what a conversion webhook answers with.
 * The same object where the version is the one asked for.
 * @throws ConversionError for a kind or version that is not known
 */
export function convertKarpenter(object: KubernetesObject, apiVersion: string): KubernetesObject {
  if (object.apiVersion === apiVersion) return object;
  const convert = conversions[`${object.kind} ${object.apiVersion} ${apiVersion}`];
  if (!convert) {
    throw new ConversionError(`${object.apiVersion} ${object.kind}: can't be converted to ${apiVersion}`);
  }
  return convert(object as never);
}

/** The shape of apiextensions.k8s.io/v1 ConversionReview. */
export interface ConversionReview {
  readonly apiVersion: "apiextensions.k8s.io/v1";
  readonly kind: "ConversionReview";
  readonly request?: {
    readonly uid: string;
    readonly desiredAPIVersion: string;
    readonly objects: readonly KubernetesObject[];
  };
  readonly response?: {
    readonly uid: string;
    readonly convertedObjects: readonly KubernetesObject[];
    readonly result: { readonly status: "Success" | "Failure"; readonly message?: string };
  };
}

/** Answers the API server's request to convert some objects of Karpenter's kinds: all of them, or none and why. */
export function answerConversionReview({ request }: ConversionReview): ConversionReview {
  const review = { apiVersion: "apiextensions.k8s.io/v1", kind: "ConversionReview" } as const;
  const { uid = "", desiredAPIVersion = "", objects = [] } = request ?? {};
  try {
    const convertedObjects = objects.map((object) => convertKarpenter(object, desiredAPIVersion));
    return { ...review, response: { uid, convertedObjects, result: { status: "Success" } } };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ...review, response: { uid, convertedObjects: [], result: { status: "Failure", message } } };
  }
}
