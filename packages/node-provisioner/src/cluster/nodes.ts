import {
  disruptedTaint,
  isConditionTrue,
  karpenterLabels,
  Node,
  NodeClaim,
  type Pod,
  sameTaint,
  type Taint,
  unregisteredTaint,
} from "@bellows/api";
import { type Amounts, amountsOf, sum } from "@bellows/aws";
import type { ControllerContext } from "@bellows/kube";
import type { NodeInput } from "../engine/packing.ts";
import { podRequests } from "../engine/pod-requests.ts";
import type { RequirementFields } from "../engine/requirement.ts";
import { type Requirements, requirementsOf } from "../engine/requirements.ts";
import { hostnameLabel, nodePoolLabel } from "../engine/well-known-labels.ts";
import type { Indexes } from "./indexes.ts";
import { isOwnedByDaemonSet, takesRoom } from "./pods.ts";

type Cache = ControllerContext["cache"];

/** A node, what was asked for to have it, or both: the two ends of one machine. */
export interface ClusterNode {
  /** The node's name; the claim's while there is no node. */
  readonly name: string;
  readonly providerId: string;
  readonly node: Node | undefined;
  readonly claim: NodeClaim | undefined;
  readonly pods: readonly Pod[];
}

/** Taints that a node has while it starts or for a moment, and that pods need not mind. */
const ephemeralTaints: readonly Taint[] = [
  { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" },
  { key: "node.kubernetes.io/not-ready", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", effect: "NoSchedule" },
  { key: "node.cloudprovider.kubernetes.io/uninitialized", value: "true", effect: "NoSchedule" },
  unregisteredTaint,
];
const ephemeralPrefixes = ["readiness.k8s.io/"];

export const isEphemeralTaint = (taint: Taint): boolean =>
  ephemeralTaints.some((known) => sameTaint(known, taint)) ||
  ephemeralPrefixes.some((prefix) => taint.key.startsWith(prefix));

/** All machines of the cluster, joined by provider id, each with its pods. */
export function clusterNodes(cache: Cache, indexes: Indexes): readonly ClusterNode[] {
  const result: ClusterNode[] = [];
  const claimed = new Set<string>();
  for (const claim of cache.list(NodeClaim)) {
    const machine = machineOfClaim(cache, indexes, claim);
    if (machine.node) claimed.add(machine.name);
    result.push(machine);
  }
  for (const node of cache.list(Node)) {
    const { name } = node.metadata;
    if (claimed.has(name)) continue;
    const providerId = node.spec?.providerID ?? "";
    result.push({ name, providerId, node, claim: undefined, pods: indexes.podsOn(name) });
  }
  return result;
}

export function machineOfClaim(cache: Cache, indexes: Indexes, claim: NodeClaim): ClusterNode {
  const node = nodeOfClaim(cache, indexes, claim);
  const name = node?.metadata.name ?? claim.metadata.name;
  return { name, providerId: claim.status?.providerID ?? "", node, claim, pods: node ? indexes.podsOn(name) : [] };
}

/** The node of a claim. */
export function nodeOfClaim(cache: Cache, indexes: Indexes, claim: NodeClaim): Node | undefined {
  const providerId = claim.status?.providerID;
  const name = providerId && indexes.nodeName(providerId);
  return name ? cache.get(Node, { name }) : undefined;
}

/** The claim of a node. */
export function claimOfNode(cache: Cache, indexes: Indexes, node: Node): NodeClaim | undefined {
  const providerId = node.spec?.providerID;
  const name = providerId && indexes.claimName(providerId);
  return name ? cache.get(NodeClaim, { name }) : undefined;
}

export const isLaunched = ({ claim }: ClusterNode): boolean => isConditionTrue(claim?.status?.conditions, "Launched");
export const isRegistered = ({ claim, node }: ClusterNode): boolean =>
  claim ? node?.metadata.labels?.[karpenterLabels.registered] === "true" : node !== undefined;
export const isInitialized = ({ claim, node }: ClusterNode): boolean =>
  claim ? node?.metadata.labels?.[karpenterLabels.initialized] === "true" : node !== undefined;

/** On its way out: deleted, or about to be. */
export const isLeaving = ({ node, claim }: ClusterNode): boolean =>
  claim?.metadata.deletionTimestamp !== undefined ||
  node?.metadata.deletionTimestamp !== undefined ||
  isConditionTrue(claim?.status?.conditions, "InstanceTerminating") ||
  (node?.spec?.taints?.some((taint) => sameTaint(taint, disruptedTaint)) ?? false);

export const poolNameOf = ({ node, claim }: ClusterNode): string | undefined =>
  (claim?.metadata.labels ?? node?.metadata.labels)?.[nodePoolLabel];

/** What the machine has, or will have: before the node has told, as the claim expects. */
export function capacityOf(machine: ClusterNode, field: "capacity" | "allocatable"): Amounts {
  const expected = machine.claim?.status?.[field];
  const told = machine.node?.status?.[field];
  if (!machine.claim || isInitialized(machine)) return amountsOf(told);
  const amounts = amountsOf(expected);
  // A device that its plug-in has not announced yet shows as none.
  for (const [resource, amount] of Object.entries(amountsOf(told))) if (amount > 0) amounts[resource] = amount;
  return amounts;
}

/** As the packer takes it. A claim that was not launched is worth what it was made for. */
export function nodeInput(machine: ClusterNode): NodeInput {
  const { node, claim, name, pods } = machine;
  const labels = labelsOf(machine);
  const running = pods.filter(takesRoom);
  const capacity = capacityOf(machine, "capacity");
  const unlaunched = claim && !isLaunched(machine) && !node;
  const requests = amountsOf(claim?.spec.resources?.requests);
  const pool = poolNameOf(machine);
  return {
    name,
    labels: { ...labels, [hostnameLabel]: labels[hostnameLabel] ?? name },
    taints: taintsOf(machine),
    initialized: isInitialized(machine),
    // What it will use of its pool's limits is counted by what it may become, not by what it is sure to have.
    ...(pool !== undefined && !unlaunched && { nodePool: pool }),
    capacity: unlaunched ? requests : capacity,
    allocatable: unlaunched ? requests : capacityOf(machine, "allocatable"),
    pods: running,
    daemonRequests: sum(...running.filter(isOwnedByDaemonSet).map(podRequests)),
  };
}

function labelsOf(machine: ClusterNode): Readonly<Record<string, string>> {
  const { node, claim } = machine;
  if (node && (!claim || isRegistered(machine))) return node.metadata.labels ?? {};
  const asked: Requirements = requirementsOf((claim?.spec.requirements ?? []) as readonly RequirementFields[]);
  const decided = [...asked.values()].flatMap(({ key, single }) => (single === undefined ? [] : [[key, single]]));
  return { ...Object.fromEntries(decided), ...claim?.metadata.labels };
}

function taintsOf(machine: ClusterNode): readonly Taint[] {
  const { node, claim } = machine;
  if (!claim) return node?.spec?.taints ?? [];
  if (!isRegistered(machine)) return (claim.spec.taints ?? []) as readonly Taint[];
  const taints = node?.spec?.taints ?? [];
  if (isInitialized(machine)) return taints;
  const starting = (claim.spec.startupTaints ?? []) as readonly Taint[];
  return taints.filter((taint) => !isEphemeralTaint(taint) && !starting.some((one) => sameTaint(one, taint)));
}
