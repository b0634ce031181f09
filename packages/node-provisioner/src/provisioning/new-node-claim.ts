import {
  type Decision,
  decision,
  decisionAnnotation,
  type EC2NodeClass,
  type KubernetesObject,
  karpenterFinalizer,
  NodeClaim,
  NodePool,
  type Pod,
  provisionerNameLabel,
} from "@bellows/api";
import { resourceList } from "@bellows/aws";
import type { Instant } from "@bellows/kube";
import type { Pool } from "../cluster/pools.ts";
import { hasOffering, offeringFits } from "../engine/instance-type.ts";
import type { NewClaim } from "../engine/packing.ts";
import { Requirement } from "../engine/requirement.ts";
import { type Requirements, requirementFields } from "../engine/requirements.ts";
import {
  capacityTypeLabel,
  hostnameLabel,
  initializedLabel,
  instanceTypeLabel,
  nodeClassLabel,
  nodePoolLabel,
  registeredLabel,
  wellKnownLabels,
} from "../engine/well-known-labels.ts";
import { nodeClassHashAnnotations, nodePoolHashAnnotations } from "../nodepool/hash.ts";

/** Why a node is launched: the pods it is for, what they need, and what it costs. */
export type LaunchDecision = Decision<
  { readonly pods: readonly string[]; readonly requests: Readonly<Record<string, string>> },
  { readonly launch: string; readonly cheapest: string }
>;

/** The decision behind a new claim. */
export function launchDecision(planned: NewClaim, name: string, now: Instant): LaunchDecision {
  const pods = planned.pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort();
  const requests = resourceList(planned.requests);
  const [cheapest] = planned.instanceTypes;
  const pool = planned.nodePool.metadata;
  return decision({
    subject: { apiVersion: "karpenter.sh/v1", kind: "NodePool", name: pool.name, ...(pool.uid && { uid: pool.uid }) },
    generation: pool.generation,
    at: now,
    seen: { pods, requests },
    computed: [
      `${pods.length} pods with their daemons need ${Object.entries(requests)
        .map(([resource, amount]) => `${resource} ${amount}`)
        .join(", ")}`,
      `${planned.instanceTypeCount} instance types of nodepool ${pool.name} have room, from ${planned.usdPerHour} USD/h`,
    ],
    action: { launch: name, cheapest: cheapest?.name ?? "" },
    usdPerHour: planned.usdPerHour,
    validUntil: now,
  });
}

/** The NodeClaim for a planned node, as Karpenter writes it. */
export function nodeClaimFor(
  planned: NewClaim,
  name: string,
  pool: Pool,
  nodeClass: EC2NodeClass | undefined,
  made: LaunchDecision,
): NodeClaim {
  const { nodePool } = planned;
  const { metadata, spec: template } = nodePool.spec.template;
  const requirements = claimRequirements(planned);
  return {
    apiVersion: NodeClaim.apiVersion,
    kind: NodeClaim.kind,
    metadata: {
      name,
      annotations: {
        ...metadata?.annotations,
        ...nodePoolHashAnnotations(nodePool),
        ...(nodeClass && nodeClassHashAnnotations(nodeClass)),
        "karpenter.sh/nodeclaim-min-values-relaxed": String(planned.minValuesRelaxed),
        [decisionAnnotation]: made.id,
      },
      labels: {
        ...metadata?.labels,
        [nodePoolLabel]: nodePool.metadata.name,
        [nodeClassLabel]: template.nodeClassRef.name,
        ...customLabels(planned.requirements),
      },
      ownerReferences: [ownerOf(pool.object, pool)],
      finalizers: [karpenterFinalizer],
    },
    spec: {
      expireAfter: template.expireAfter,
      nodeClassRef: template.nodeClassRef,
      requirements: requirementFields(requirements) as NodeClaim["spec"]["requirements"],
      resources: { requests: resourceList(planned.requests) },
      ...(template.taints && { taints: template.taints }),
      ...(template.startupTaints && { startupTaints: template.startupTaints }),
      ...(template.terminationGracePeriod && { terminationGracePeriod: template.terminationGracePeriod }),
    },
  };
}

const ownerOf = ({ metadata }: KubernetesObject, { isLegacy }: Pool) => ({
  apiVersion: isLegacy ? "karpenter.sh/v1alpha5" : NodePool.apiVersion,
  kind: isLegacy ? "Provisioner" : NodePool.kind,
  name: metadata.name,
  uid: metadata.uid ?? "",
  blockOwnerDeletion: true,
});

/** With the instance types named, and the capacity types that they are sold as. */
function claimRequirements({ requirements, instanceTypes }: NewClaim): Requirements {
  const result = new Map(requirements);
  result.delete(registeredLabel);
  result.delete(initializedLabel);
  result.delete(hostnameLabel);
  // Of the node, but not a requirement that a NodeClaim may have.
  result.delete(provisionerNameLabel);
  const minValues = requirements.get(instanceTypeLabel)?.minValues;
  result.set(
    instanceTypeLabel,
    Requirement.in(
      instanceTypeLabel,
      instanceTypes.map(({ name }) => name),
      minValues,
    ),
  );
  const capacityTypes = instanceTypes
    .filter((type) => hasOffering(type, requirements))
    .flatMap(({ offerings }) => offerings.filter((one) => one.available && offeringFits(one, requirements)))
    .map((offering) => offering.capacityType);
  if (capacityTypes.length > 0) {
    const allowed = Requirement.in(capacityTypeLabel, capacityTypes);
    result.set(capacityTypeLabel, result.get(capacityTypeLabel)?.intersection(allowed) ?? allowed);
  }
  return result;
}

/** Labels of the operator's own that pods asked for: any value that is allowed. */
function customLabels(requirements: Requirements): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const requirement of requirements.values()) {
    const { key, operator } = requirement;
    if (wellKnownLabels.has(key) || [hostnameLabel, registeredLabel, initializedLabel].includes(key)) continue;
    if (operator === "In") labels[key] = [...requirement.values].sort()[0] as string;
    else if (operator !== "DoesNotExist") labels[key] = freeNumber(requirement);
  }
  return labels;
}

/** A value within bounds that is not excluded. */
function freeNumber(requirement: Requirement): string {
  for (let number = requirement.gte ?? 0; ; number++) if (requirement.has(String(number))) return String(number);
}

/** As log lines name instance types: the first five, and how many others. */
export function instanceTypeList(names: readonly string[]): string {
  if (names.length <= 5) return names.join(", ");
  return `${names.slice(0, 5).join(", ")} and ${names.length - 5} other(s)`;
}

/** As log lines name pods. */
export function podList(pods: readonly Pod[]): string {
  const names = pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  if (names.length <= 5) return names.join(", ");
  return `${names.slice(0, 5).join(", ")} and ${names.length - 5} other(s)`;
}
