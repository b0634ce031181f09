import { AWSNodeTemplate, EC2NodeClass, Node, NodeClaim, NodePool, Provisioner, stableJson } from "@bellows/api";
import { type Amounts, amountsOf, resourceList, sum } from "@bellows/aws";
import { type Controller, type ControllerContext, controller, lookAgainAt, mapped, self } from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { capacityOf, isLeaving, machineOfClaim } from "../cluster/nodes.ts";
import { nodeClassOf, nodeClassReadiness, poolOf, poolsOf } from "../cluster/pools.ts";
import {
  type ConditionChange,
  type ConditionSet,
  isTrue,
  type StatusCondition,
  withConditions,
} from "../conditions.ts";
import { nodePoolLabel } from "../engine/well-known-labels.ts";
import { type ProvisionerMetrics, provisionerMetrics } from "../metrics.ts";
import { patchUnchanged } from "../writes.ts";
import { nodePoolHashAnnotations } from "./hash.ts";
import { nodePoolProblem } from "./validation.ts";

const poolConditions: ConditionSet = { dependents: ["ValidationSucceeded", "NodeClassReady"] };

/** Says of a pool what its nodes add up to, and whether it can launch any. Writes: NodePool and Provisioner status, hashes. */
export function nodePoolController(fleet: Fleet): Controller {
  let metrics: ProvisionerMetrics;
  const ofNodeClass = (object: { metadata: { name: string } }, { cache }: ControllerContext) =>
    poolsOf(cache)
      .filter((pool) => pool.nodePool.spec.template.spec.nodeClassRef.name === object.metadata.name)
      .map((pool) => ({ name: pool.nodePool.metadata.name }));
  const ofLabels = (object: { metadata: { labels?: Record<string, string> } }) => {
    const name = object.metadata.labels?.[nodePoolLabel];
    return name ? [{ name }] : [];
  };
  return controller({
    name: "nodepool",
    watches: [
      self(NodePool),
      self(Provisioner),
      mapped(EC2NodeClass, ofNodeClass),
      mapped(AWSNodeTemplate, ofNodeClass),
      mapped(NodeClaim, ofLabels),
      mapped(Node, (node) => (node.metadata.deletionTimestamp ? ofLabels(node) : [])),
    ],
    start(context) {
      metrics = provisionerMetrics(context.metrics);
      fleet.indexes.attach(context.cache);
    },
    async reconcile(key, context) {
      const { cache, client, clock } = context;
      const pool = poolOf(cache, key.name);
      if (!pool) return;
      const { resources, nodes } = usage(key.name, fleet, context);
      for (const [resource, amount] of Object.entries(resources)) {
        metrics.nodePoolUsage.labels(key.name, resource).set(resource === "cpu" ? amount / 1000 : amount);
      }
      for (const [resource, amount] of Object.entries(amountsOf(pool.nodePool.spec.limits))) {
        metrics.nodePoolLimit.labels(key.name, resource).set(resource === "cpu" ? amount / 1000 : amount);
      }
      if (pool.isLegacy) {
        const provisioner = pool.object as Provisioner;
        const status = { resources: resourceList(resources) };
        if (nodes === 0 && !provisioner.status?.resources) return;
        if (stableJson(provisioner.status?.resources ?? {}) === stableJson(status.resources)) return;
        const body = { status: { resources: withoutGone(status.resources, provisioner.status?.resources) } };
        const written = await patchUnchanged(client, Provisioner, provisioner, body, "status");
        return written ? undefined : lookAgainAt(clock.now());
      }
      let nodePool: NodePool | undefined = pool.nodePool;
      const annotations = nodePoolHashAnnotations(nodePool);
      const known = nodePool.metadata.annotations ?? {};
      if (Object.entries(annotations).some(([name, value]) => known[name] !== value)) {
        nodePool = await patchUnchanged(client, NodePool, nodePool, { metadata: { annotations } });
        if (!nodePool) return lookAgainAt(clock.now());
      }
      const status = { resources: resourceList({ ...resources, nodes }), nodes };
      const before = nodePool.status?.conditions as readonly StatusCondition[] | undefined;
      const conditions = withConditions(
        before,
        [validation(nodePool), readiness(nodePool, fleet, context), registrationHealth(before)],
        poolConditions,
        nodePool.metadata.generation,
        clock.now(),
      );
      const { resources: shown, nodes: count } = nodePool.status ?? {};
      if (conditions === before && stableJson({ resources: shown, nodes: count }) === stableJson(status)) return;
      const resourcesBody = withoutGone(status.resources, shown);
      const body = { status: { ...status, resources: resourcesBody, conditions } };
      const written = await patchUnchanged(client, NodePool, nodePool, body, "status");
      return written ? undefined : lookAgainAt(clock.now());
    },
  });
}

function validation(nodePool: NodePool): ConditionChange {
  const problem = nodePoolProblem(nodePool);
  if (problem === undefined) return isTrue("ValidationSucceeded");
  return { type: "ValidationSucceeded", status: "False", reason: "NodePoolValidationFailed", message: problem };
}

const readiness = ({ spec }: NodePool, { legacy }: Fleet, { cache }: ControllerContext): ConditionChange =>
  nodeClassReadiness(nodeClassOf(cache, spec.template.spec.nodeClassRef.name, legacy));

/** Not known before a node has joined, or has failed to. */
function registrationHealth(before: readonly StatusCondition[] | undefined): ConditionChange {
  const known = before?.find((one) => one.type === "NodeRegistrationHealthy");
  if (known) return known;
  return {
    type: "NodeRegistrationHealthy",
    status: "Unknown",
    reason: "AwaitingReconciliation",
    message: "object is awaiting reconciliation",
  };
}

/** What the nodes of a pool have, without those on their way out. */
function usage(name: string, fleet: Fleet, { cache }: ControllerContext): { resources: Amounts; nodes: number } {
  const machines = cache
    .list(NodeClaim)
    .filter((claim) => claim.metadata.labels?.[nodePoolLabel] === name)
    .map((claim) => machineOfClaim(cache, fleet.indexes, claim))
    .filter((machine) => !isLeaving(machine));
  const none = { cpu: 0, memory: 0, pods: 0, "ephemeral-storage": 0 };
  return { resources: sum(none, ...machines.map((one) => capacityOf(one, "capacity"))), nodes: machines.length };
}

/** A merge patch leaves what it does not name: what is no longer there must be named. */
function withoutGone(
  resources: Readonly<Record<string, string>>,
  before: Readonly<Record<string, unknown>> | undefined,
): Record<string, string | null> {
  const gone = Object.keys(before ?? {}).filter((name) => !(name in resources));
  return { ...resources, ...Object.fromEntries(gone.map((name) => [name, null])) };
}
