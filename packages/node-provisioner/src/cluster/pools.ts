import {
  AWSNodeTemplate,
  ConversionError,
  condition,
  EC2NodeClass,
  isConditionTrue,
  type KubernetesObject,
  NodePool,
  nodeClassOfNodeTemplate,
  nodeClassOfProvisioner,
  nodePoolOfProvisioner,
  Provisioner,
  provisionerProblems,
} from "@bellows/api";
import type { ControllerContext } from "@bellows/kube";
import type { ConditionChange } from "../conditions.ts";

type Cache = ControllerContext["cache"];
type NodeClassStatus = NonNullable<EC2NodeClass["status"]>;

/** A NodePool, or the Provisioner that acts as one. */
export interface Pool {
  readonly nodePool: NodePool;
  /** The object in the cluster: owner of the claims, and what Events are about. */
  readonly object: KubernetesObject;
  readonly kind: typeof NodePool | typeof Provisioner;
  readonly isLegacy: boolean;
  /** What is wrong with it; it is not used then. */
  readonly problem: string | undefined;
}

/** What was found for node classes that have no status of their own: those that AWSNodeTemplates stand for. */
export class LegacyNodeClasses {
  readonly #statuses = new Map<string, NodeClassStatus>();
  readonly defaultInstanceProfile: string;

  constructor(defaultInstanceProfile: string) {
    this.defaultInstanceProfile = defaultInstanceProfile;
  }

  set(name: string, status: NodeClassStatus | undefined): void {
    if (status) this.#statuses.set(name, status);
    else this.#statuses.delete(name);
  }

  get(name: string): NodeClassStatus | undefined {
    return this.#statuses.get(name);
  }
}

/** Every pool, by name; a NodePool hides a Provisioner of its name. */
export function poolsOf(cache: Cache): readonly Pool[] {
  const pools = cache.list(NodePool).map(poolOfNodePool);
  const taken = new Set(pools.map((pool) => pool.nodePool.metadata.name));
  const legacy = cache.list(Provisioner).filter(({ metadata }) => !taken.has(metadata.name));
  return [...pools, ...legacy.map(poolOfProvisioner)].sort((a, b) =>
    a.nodePool.metadata.name < b.nodePool.metadata.name ? -1 : 1,
  );
}

export function poolOf(cache: Cache, name: string): Pool | undefined {
  const nodePool = cache.get(NodePool, { name });
  if (nodePool) return poolOfNodePool(nodePool);
  const provisioner = cache.get(Provisioner, { name });
  return provisioner && poolOfProvisioner(provisioner);
}

const poolOfNodePool = (nodePool: NodePool): Pool => ({
  nodePool,
  object: nodePool,
  kind: NodePool,
  isLegacy: false,
  problem: undefined,
});

function poolOfProvisioner(provisioner: Provisioner): Pool {
  const problems = provisionerProblems(provisioner);
  return {
    nodePool: nodePoolOfProvisioner(provisioner),
    object: provisioner,
    kind: Provisioner,
    isLegacy: true,
    problem: problems.length > 0 ? problems.join(", ") : undefined,
  };
}

/** The node class of a name: an EC2NodeClass, or what an AWSNodeTemplate or a Provisioner stands for. */
export function nodeClassOf(cache: Cache, name: string, legacy: LegacyNodeClasses): EC2NodeClass | undefined {
  const nodeClass = cache.get(EC2NodeClass, { name });
  if (nodeClass) return nodeClass;
  const converted = legacyNodeClassOf(cache, name, legacy);
  const status = legacy.get(name);
  return converted && status ? { ...converted, status } : converted;
}

/** As it is written, without what was found for it. */
export function legacyNodeClassOf(cache: Cache, name: string, legacy: LegacyNodeClasses): EC2NodeClass | undefined {
  try {
    const template = cache.get(AWSNodeTemplate, { name });
    if (template) return nodeClassOfNodeTemplate(template, legacy.defaultInstanceProfile);
    const provisioner = cache.get(Provisioner, { name });
    return provisioner && nodeClassOfProvisioner(provisioner, legacy.defaultInstanceProfile);
  } catch (error) {
    if (error instanceof ConversionError) return undefined;
    throw error;
  }
}

/** Whether a pool's node class can launch: the condition of the pool, in upstream's words. */
export function nodeClassReadiness(nodeClass: EC2NodeClass | undefined): ConditionChange {
  const type = "NodeClassReady";
  if (!nodeClass) {
    return { type, status: "False", reason: "NodeClassNotFound", message: "NodeClass not found on cluster" };
  }
  if (nodeClass.metadata.deletionTimestamp) {
    return { type, status: "False", reason: "NodeClassTerminating", message: "NodeClass is Terminating" };
  }
  const ready = condition(nodeClass.status?.conditions, "Ready");
  if (ready?.status === "True") return { type, status: "True" };
  if (!ready || ready.status === "Unknown") {
    return { type, status: "Unknown", reason: "NodeClassReadinessUnknown", message: "Node Class Readiness Unknown" };
  }
  return { type, status: "False", reason: ready.reason ?? "NodeClassNotReady", message: ready.message ?? "" };
}

/** Whether nodes of the pool may be launched now. */
export function isPoolReady({ nodePool, isLegacy, problem }: Pool, nodeClass: EC2NodeClass | undefined): boolean {
  if (problem !== undefined || nodePool.metadata.deletionTimestamp || nodePool.spec.replicas !== undefined)
    return false;
  if (isLegacy) return nodeClassReadiness(nodeClass).status === "True";
  return isConditionTrue(nodePool.status?.conditions, "Ready");
}
