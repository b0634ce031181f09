import type { ObjectMeta } from "../../kind.ts";
import type { NodeClaim } from "../node-claim.ts";
import type { NodePool } from "../node-pool.ts";
import { kubeletAnnotation, nodeClassReferenceAnnotation, storedVersionMigratedAnnotation } from "./annotations.ts";
import type { NodeClaimV1Beta1 } from "./node-claim.ts";
import type { NodePoolV1Beta1 } from "./node-pool.ts";

/** Karpenter's own default of a NodeClaim that belongs to no NodePool we know. */
const defaultExpireAfter = "720h";

/** What the API server fills in; objects may come to a conversion before it does. */
const defaultBudgets = [{ nodes: "10%" }];
const defaultDisruption = {
  consolidationPolicy: "WhenUnderutilized" as const,
  consolidateAfter: undefined,
  expireAfter: defaultExpireAfter,
  budgets: defaultBudgets,
};

/** A v1beta1 NodePool as v1. What v1 has no field for (the kubelet's settings) goes into annotations. */
export function nodePoolFromV1Beta1(pool: NodePoolV1Beta1): NodePool {
  const { template, disruption = defaultDisruption, limits, weight } = pool.spec;
  const { kubelet, nodeClassRef, resources: _none, ...templateSpec } = template.spec;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: withCompatibility(pool.metadata, kubelet, nodeClassRef),
    spec: {
      template: {
        ...(template.metadata ? { metadata: template.metadata } : {}),
        spec: { ...templateSpec, nodeClassRef: nodeClassRefToV1(nodeClassRef), expireAfter: disruption.expireAfter },
      },
      disruption: {
        ...(disruption.consolidationPolicy === "WhenUnderutilized"
          ? { consolidationPolicy: "WhenEmptyOrUnderutilized" as const, consolidateAfter: "0s" }
          : { consolidationPolicy: "WhenEmpty" as const, consolidateAfter: disruption.consolidateAfter ?? "Never" }),
        budgets: disruption.budgets ?? defaultBudgets,
      },
      ...(limits ? { limits } : {}),
      ...(weight === undefined ? {} : { weight }),
    },
    ...(pool.status ? { status: { nodes: 0, ...pool.status } } : {}),
  };
}

/** A v1 NodePool as v1beta1. What v1beta1 does not know is lost: terminationGracePeriod, reasons of budgets, replicas. */
export function nodePoolToV1Beta1(pool: NodePool): NodePoolV1Beta1 {
  const { template, disruption, limits, weight } = pool.spec;
  const { nodeClassRef, expireAfter, terminationGracePeriod: _later, ...templateSpec } = template.spec;
  const { kubelet, nodeClassRef: original } = compatibility(pool.metadata);
  const whenEmpty = disruption.consolidationPolicy === "WhenEmpty";
  type TemplateSpec = NodePoolV1Beta1["spec"]["template"]["spec"];
  return {
    apiVersion: "karpenter.sh/v1beta1",
    kind: "NodePool",
    metadata: withoutCompatibility(pool.metadata),
    spec: {
      template: {
        ...(template.metadata ? { metadata: template.metadata } : {}),
        spec: {
          ...(kubelet ? { kubelet } : {}),
          ...(templateSpec as Pick<TemplateSpec, "requirements" | "taints" | "startupTaints">),
          nodeClassRef: original ?? { kind: nodeClassRef.kind, name: nodeClassRef.name },
        },
      },
      disruption: {
        consolidationPolicy: whenEmpty ? "WhenEmpty" : "WhenUnderutilized",
        ...(whenEmpty ? { consolidateAfter: disruption.consolidateAfter } : {}),
        expireAfter,
        budgets: (disruption.budgets ?? defaultBudgets).map(({ reasons: _none, ...budget }) => budget),
      },
      ...(limits ? { limits } : {}),
      ...(weight === undefined ? {} : { weight }),
    },
    ...(pool.status ? { status: poolStatus(pool.status) } : {}),
  };
}

function poolStatus({
  resources,
  conditions,
}: NonNullable<NodePool["status"]>): NonNullable<NodePoolV1Beta1["status"]> {
  return { ...(resources ? { resources } : {}), ...(conditions ? { conditions } : {}) };
}

/**
 * A v1beta1 NodeClaim as v1.
 * @param expireAfter  that of the NodePool it belongs to
 */
export function nodeClaimFromV1Beta1(claim: NodeClaimV1Beta1, expireAfter = defaultExpireAfter): NodeClaim {
  const { kubelet, nodeClassRef, ...spec } = claim.spec;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    metadata: withCompatibility(claim.metadata, kubelet, nodeClassRef),
    spec: { ...spec, nodeClassRef: nodeClassRefToV1(nodeClassRef), expireAfter },
    ...(claim.status ? { status: claim.status } : {}),
  };
}

/** A v1 NodeClaim as v1beta1. */
export function nodeClaimToV1Beta1(claim: NodeClaim): NodeClaimV1Beta1 {
  const { nodeClassRef, expireAfter: _pool, terminationGracePeriod: _later, ...spec } = claim.spec;
  const { kubelet, nodeClassRef: original } = compatibility(claim.metadata);
  const { lastPodEventTime: _unknown, ...status } = claim.status ?? {};
  return {
    apiVersion: "karpenter.sh/v1beta1",
    kind: "NodeClaim",
    metadata: withoutCompatibility(claim.metadata),
    spec: {
      ...(kubelet ? { kubelet } : {}),
      ...(spec as Omit<NodeClaimV1Beta1["spec"], "kubelet" | "nodeClassRef">),
      nodeClassRef: original ?? { kind: nodeClassRef.kind, name: nodeClassRef.name },
    },
    ...(claim.status ? { status } : {}),
  };
}

type OldRef = NodeClaimV1Beta1["spec"]["nodeClassRef"];
type Kubelet = NonNullable<NodeClaimV1Beta1["spec"]["kubelet"]>;

function nodeClassRefToV1({ apiVersion, kind, name }: OldRef): NodeClaim["spec"]["nodeClassRef"] {
  return { group: apiVersion?.split("/")[0] || "karpenter.k8s.aws", kind: kind || "EC2NodeClass", name };
}

function withCompatibility(metadata: ObjectMeta, kubelet: Kubelet | undefined, ref: OldRef): ObjectMeta {
  const { [kubeletAnnotation]: _old, ...annotations } = metadata.annotations ?? {};
  return {
    ...metadata,
    annotations: {
      ...annotations,
      ...(kubelet ? { [kubeletAnnotation]: JSON.stringify(kubelet) } : {}),
      [nodeClassReferenceAnnotation]: JSON.stringify(ref),
    },
  };
}

function withoutCompatibility(metadata: ObjectMeta): ObjectMeta {
  const { annotations, ...rest } = metadata;
  const kept = Object.entries(annotations ?? {}).filter(
    ([key]) => ![kubeletAnnotation, nodeClassReferenceAnnotation, storedVersionMigratedAnnotation].includes(key),
  );
  return kept.length > 0 ? { ...rest, annotations: Object.fromEntries(kept) } : rest;
}

/** @throws SyntaxError for annotations that somebody has spoilt */
function compatibility({ annotations }: ObjectMeta): { kubelet?: Kubelet; nodeClassRef?: OldRef } {
  const kubelet = annotations?.[kubeletAnnotation];
  const ref = annotations?.[nodeClassReferenceAnnotation];
  return {
    ...(kubelet ? { kubelet: JSON.parse(kubelet) as Kubelet } : {}),
    ...(ref ? { nodeClassRef: JSON.parse(ref) as OldRef } : {}),
  };
}
