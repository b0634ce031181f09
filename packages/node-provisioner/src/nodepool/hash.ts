import { type EC2NodeClass, karpenterAnnotations, type NodePool, stableHash } from "@bellows/api";

/** Rises when {@link nodePoolHash} changes its meaning, so that nodes are not taken for drifted by an upgrade. */
export const nodePoolHashVersion = "v3";
export const nodeClassHashVersion = "v6";

/** As upstream's hashes are: a decimal number of 64 bits. Equal for pools whose nodes are the same by static fields. */
const decimal = (value: unknown): string => BigInt(`0x${stableHash(value)}`).toString();

/** Of the fields of the template whose change makes nodes of before out of date; requirements are looked at by value. */
export function nodePoolHash({ spec }: NodePool): string {
  const { metadata, spec: template } = spec.template;
  const byKey = <T extends { key: string; effect: string }>(taints: readonly T[] = []) =>
    taints.toSorted((a, b) => (a.key + a.effect < b.key + b.effect ? -1 : 1));
  return decimal([
    metadata?.labels ?? {},
    metadata?.annotations ?? {},
    template.nodeClassRef,
    byKey(template.taints),
    byKey(template.startupTaints),
    template.expireAfter,
    template.terminationGracePeriod,
  ]);
}

/** Of the fields of a node class that do not select anything. */
export function nodeClassHash({ spec }: EC2NodeClass): string {
  const { subnetSelectorTerms: _, securityGroupSelectorTerms: __, amiSelectorTerms: ___, ...fixed } = spec ?? {};
  return decimal(fixed);
}

export const nodePoolHashAnnotations = (nodePool: NodePool): Record<string, string> => ({
  [karpenterAnnotations.nodePoolHash]: nodePoolHash(nodePool),
  [karpenterAnnotations.nodePoolHashVersion]: nodePoolHashVersion,
});

export const nodeClassHashAnnotations = (nodeClass: EC2NodeClass): Record<string, string> => ({
  [karpenterAnnotations.nodeClassHash]: nodeClassHash(nodeClass),
  [karpenterAnnotations.nodeClassHashVersion]: nodeClassHashVersion,
});
