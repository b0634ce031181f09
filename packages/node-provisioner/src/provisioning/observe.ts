import { DaemonSet, Namespace, Pod } from "@bellows/api";
import { type Amounts, sum } from "@bellows/aws";
import type { ControllerContext } from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import { uidOf } from "../cluster/indexes.ts";
import {
  type ClusterNode,
  clusterNodes,
  isInitialized,
  isLaunched,
  isLeaving,
  nodeInput,
  poolNameOf,
} from "../cluster/nodes.ts";
import { isReschedulable } from "../cluster/pods.ts";
import { isPoolReady, nodeClassOf, type Pool, poolsOf } from "../cluster/pools.ts";
import type { PackingInput, PoolInput } from "../engine/packing.ts";
import { maximum } from "../engine/pod-requests.ts";
import { intersects, type Requirements } from "../engine/requirements.ts";
import type { PlacedPod } from "../engine/topology.ts";
import { claimRequirements } from "../provider/launch-options.ts";
import { volumeRequirements } from "./volumes.ts";

/** What a decision is made from. */
export interface Observed {
  readonly input: PackingInput;
  /** Pods to find a place for. */
  readonly pods: readonly Pod[];
  /** All pods that wait, also those whose node is being launched. */
  readonly waiting: readonly Pod[];
  readonly pools: readonly Pool[];
  readonly machines: ReadonlyMap<string, ClusterNode>;
  /** Why pods are left out, by uid. */
  readonly problems: ReadonlyMap<string, string>;
}

/**
 * Reads the cluster. Pods whose claim was made but not launched yet are left to it: what it will be is not known, and a
 * second one would be one too many.
 * @param foreseen  pods that are about to be made
 */
export async function observe(
  context: ControllerContext,
  fleet: Fleet,
  waits: (pod: Pod) => boolean,
  foreseen: () => readonly Pod[],
): Promise<Observed> {
  const { cache, clock } = context;
  const now = clock.now();
  const waiting = cache.list(Pod).filter(waits);
  const machines = clusterNodes(cache, fleet.indexes);
  const pools = poolsOf(cache);
  const poolInputs = await readyPools(context, fleet, pools);

  const launching = new Map(
    machines
      .filter((one) => one.claim && !one.node && !isLaunched(one) && !isLeaving(one))
      .map((one) => [one.name, one]),
  );
  const isSeenTo = (pod: Pod) => launching.has(fleet.nominations.get(pod)?.claim ?? "");
  const promised = fleet.nominations.claims();

  const problems = new Map<string, string>();
  const volumes = new Map<string, readonly Requirements[]>();
  const candidates = [...waiting, ...foreseen(), ...leavingPods(machines)].filter((pod) => !isSeenTo(pod));
  const pods = candidates.filter((pod) => {
    const answer = volumeRequirements(cache, pod);
    if ("problem" in answer) problems.set(uidOf(pod), answer.problem);
    else if (answer.alternatives.length > 0) volumes.set(uidOf(pod), answer.alternatives);
    return !("problem" in answer);
  });

  const staying = machines.filter((one) => !isLeaving(one));
  const usable = staying.filter((one) => !(launching.has(one.name) && promised.has(one.name)));
  const placed: PlacedPod[] = [
    ...machines.filter(isLeaving).flatMap((machine) => {
      const node = nodeInput(machine);
      return machine.pods.filter((pod) => !isReschedulable(pod)).map((pod) => ({ pod, node }));
    }),
    ...waiting.filter(isSeenTo).flatMap((pod) => {
      const machine = launching.get(fleet.nominations.get(pod)?.claim ?? "");
      return machine ? [{ pod, node: nodeInput(machine) }] : [];
    }),
  ];
  return {
    input: {
      nodePools: poolInputs,
      nodes: usable.map(nodeInput),
      otherPods: placed,
      otherUsage: usageOf(
        staying.filter((one) => launching.has(one.name)),
        poolInputs,
      ),
      daemonPods: daemonPods(cache),
      pods,
      namespaces: new Map(cache.list(Namespace).map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
      volumeRequirements: volumes,
    },
    pods,
    waiting,
    pools,
    machines: new Map(machines.map((one) => [one.name, one])),
    problems,
  };

  async function readyPools(
    { cache, log }: ControllerContext,
    { legacy, provider }: Fleet,
    all: readonly Pool[],
  ): Promise<PoolInput[]> {
    const ready: PoolInput[] = [];
    for (const pool of all) {
      const nodeClass = nodeClassOf(cache, pool.nodePool.spec.template.spec.nodeClassRef.name, legacy);
      if (!nodeClass || !isPoolReady(pool, nodeClass)) continue;
      const instanceTypes = await provider.instanceTypes(nodeClass, now);
      if (instanceTypes.length > 0) ready.push({ nodePool: pool.nodePool, instanceTypes });
      else log.info("skipping, no resolved instance types found", { NodePool: { name: pool.nodePool.metadata.name } });
    }
    return ready;
  }
}

/** Pods that will need a place when the nodes that go away are gone. */
const leavingPods = (machines: readonly ClusterNode[]): Pod[] =>
  machines.filter((one) => isLeaving(one) && isInitialized(one)).flatMap((one) => one.pods.filter(isReschedulable));

/** One pod of each DaemonSet, as its template says. */
function daemonPods(cache: ControllerContext["cache"]): Pod[] {
  return cache.list(DaemonSet).flatMap(({ metadata, spec }) =>
    spec?.template.spec
      ? [
          {
            metadata: {
              name: metadata.name,
              namespace: metadata.namespace ?? "default",
              labels: spec.template.metadata?.labels ?? {},
              annotations: spec.template.metadata?.annotations ?? {},
            },
            spec: spec.template.spec,
          },
        ]
      : [],
  );
}

/** What claims on their way will use of their pools' limits, as if the largest they may be were launched. */
function usageOf(machines: readonly ClusterNode[], pools: readonly PoolInput[]): ReadonlyMap<string, Amounts> {
  const usage = new Map<string, Amounts>();
  for (const machine of machines) {
    const name = poolNameOf(machine) ?? "";
    const pool = pools.find((one) => one.nodePool.metadata.name === name);
    if (!machine.claim || !pool?.nodePool.spec.limits) continue;
    const requirements = claimRequirements(machine.claim);
    const possible = pool.instanceTypes.filter((type) => intersects(type.requirements, requirements));
    const most = { ...maximum(...possible.map((type) => type.capacity)), nodes: 1 };
    usage.set(name, sum(usage.get(name) ?? {}, most));
  }
  return usage;
}
