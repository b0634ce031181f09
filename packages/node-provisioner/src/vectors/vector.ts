import type { Node, NodePool, Pod } from "@bellows/api";
import { amountsOf, resourceList, subtract } from "@bellows/aws";
import type { InstanceType, Offering } from "../engine/instance-type.ts";
import { type NodeInput, pack } from "../engine/packing.ts";
import type { RequirementFields } from "../engine/requirement.ts";
import { requirementFields, requirementsOf } from "../engine/requirements.ts";
import { capacityTypeLabel, instanceTypeLabel, nodePoolLabel, zoneLabel } from "../engine/well-known-labels.ts";

/** A recorded scheduling problem, and what the real scheduler made of it. */
export interface KarpenterVector {
  readonly id: string;
  readonly input: {
    readonly nodePools: readonly NodePool[];
    readonly existingNodes?: readonly { readonly node: Node; readonly pods?: readonly Pod[] | null }[] | null;
    readonly daemonSetPods?: readonly Pod[] | null;
    readonly pods: readonly Pod[];
  };
  readonly expect: KarpenterOutcome;
  readonly wallMs?: number;
}

export interface KarpenterOutcome {
  readonly newNodeClaims?: readonly KarpenterClaim[] | null;
  /** Pods put on each existing node. */
  readonly existing?: Readonly<Record<string, readonly string[]>> | null;
  readonly unschedulable?: readonly string[] | null;
  readonly totalPrice: number;
}

export interface KarpenterClaim {
  readonly nodePool: string;
  readonly pods: readonly string[];
  readonly instanceTypes: readonly string[];
  readonly instanceTypeCount: number;
  readonly requests: Readonly<Record<string, string>>;
  readonly requirements: readonly RequirementFields[];
  readonly cheapestPrice: number;
}

/** The file of instance types that the problems share. */
export interface KarpenterInstanceTypes {
  readonly zones: readonly string[];
  readonly instanceTypes: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly capacity: Readonly<Record<string, string>>;
    readonly overhead: Readonly<Record<string, string>>;
    readonly offerings: readonly { readonly zone: string; readonly capacityType: string; readonly price: number }[];
  }[];
}

const known = new WeakMap<KarpenterInstanceTypes, readonly InstanceType[]>();

/** Solves a recorded problem. Names are sorted, so that equal answers are equal texts. */
export function runKarpenterVector({ input }: KarpenterVector, file: KarpenterInstanceTypes): KarpenterOutcome {
  const instanceTypes = instanceTypesOf(file);
  const packing = pack({
    nodePools: input.nodePools.map((nodePool) => ({ nodePool, instanceTypes })),
    nodes: (input.existingNodes ?? []).map(nodeOf),
    daemonPods: input.daemonSetPods ?? [],
    pods: input.pods,
  });
  const newNodeClaims = packing.claims.map((claim) => ({
    nodePool: claim.nodePool.metadata.name,
    pods: namesOf(claim.pods),
    instanceTypes: claim.instanceTypes.map((type) => type.name),
    instanceTypeCount: claim.instanceTypeCount,
    cheapestPrice: claim.usdPerHour,
    requests: resourceList(claim.requests),
    requirements: requirementFields(claim.requirements),
  }));
  return {
    newNodeClaims,
    existing: Object.fromEntries([...packing.nodes].map(([name, pods]) => [name, namesOf(pods)])),
    unschedulable: input.pods
      .filter((pod) => packing.refused.has(pod.metadata.uid ?? pod.metadata.name))
      .map((pod) => pod.metadata.name)
      .sort(),
    totalPrice: newNodeClaims.reduce((total, claim) => total + claim.cheapestPrice, 0),
  };
}

const namesOf = (pods: readonly Pod[]) => pods.map((pod) => pod.metadata.name).sort();

function instanceTypesOf(file: KarpenterInstanceTypes): readonly InstanceType[] {
  let types = known.get(file);
  if (!types) {
    types = file.instanceTypes.map((type) => {
      const offerings: Offering[] = type.offerings.map(({ zone, capacityType, price }) => ({
        labels: { [zoneLabel]: zone, [capacityTypeLabel]: capacityType },
        zone,
        capacityType,
        usdPerHour: price,
        available: true,
      }));
      const values = (key: string, all: readonly string[]) => ({ key, operator: "In", values: [...new Set(all)] });
      const capacity = amountsOf(type.capacity);
      return {
        name: type.name,
        capacity,
        allocatable: subtract(capacity, amountsOf(type.overhead)),
        offerings,
        requirements: requirementsOf([
          ...Object.entries(type.labels).map(([key, value]) => values(key, [value])),
          values(instanceTypeLabel, [type.name]),
          values(
            zoneLabel,
            offerings.map((offering) => offering.zone),
          ),
          values(
            capacityTypeLabel,
            offerings.map((offering) => offering.capacityType),
          ),
        ]),
      };
    });
    known.set(file, types);
  }
  return types;
}

function nodeOf({ node, pods }: { readonly node: Node; readonly pods?: readonly Pod[] | null }): NodeInput {
  const labels = node.metadata.labels ?? {};
  return {
    name: node.metadata.name,
    labels,
    taints: node.spec?.taints ?? [],
    initialized: labels["karpenter.sh/initialized"] === "true",
    ...(labels[nodePoolLabel] !== undefined && { nodePool: labels[nodePoolLabel] }),
    capacity: amountsOf(node.status?.capacity),
    allocatable: amountsOf(node.status?.allocatable),
    pods: pods ?? [],
  };
}
