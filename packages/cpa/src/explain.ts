import { type Decision, type DecisionSubject, decision, type KubernetesObject } from "@bellows/api";
import { type ControllerContext, createDecisionLog, type DecisionLog } from "@bellows/kube";
import type { ClusterSize } from "./engine/cluster-size.ts";
import { type Params, replicasFor } from "./engine/params.ts";
import type { SizedTarget } from "./proportional.ts";

export interface CpaSeen extends ClusterSize {
  readonly params: Params;
}

export type CpaDecision = Decision<CpaSeen, { readonly replicas: number; readonly targets: readonly string[] }>;

/** How many replicas the size of the cluster asks for, and why; what was done for it is added by {@link withAction}. */
export function decide(
  { apiVersion, kind, namespace, name, uid }: DecisionSubject,
  generation: number | undefined,
  params: Params,
  size: ClusterSize,
  at: number,
): { readonly record: CpaDecision; readonly replicas: number } {
  const { replicas, computed, limits } = replicasFor(params, size);
  const subject = { apiVersion, kind, name, ...(namespace && { namespace }), ...(uid && { uid }) };
  const record: CpaDecision = decision({
    ...{ subject, generation, at, validUntil: at, seen: { ...size, params }, computed, limits },
  });
  return { record, replicas };
}

/** The record with the targets that were changed. */
export function withAction(record: CpaDecision, replicas: number, sized: readonly SizedTarget[]): CpaDecision {
  const targets = sized.filter(({ changed }) => changed).map(({ target }) => `${target.kind}/${target.name}`);
  return targets.length === 0 ? record : { ...record, action: { replicas, targets } };
}

/** Log line and metric of each decision; its Events are those of the targets. One for each run of a controller. */
export function explainer(): (record: CpaDecision, regarding: KubernetesObject, context: ControllerContext) => void {
  let log: DecisionLog | undefined;
  return (record, regarding, context) => {
    log ??= createDecisionLog(context, "cpa");
    log.explain(record, { regarding, log: "sized by nodes and cores" });
  };
}
