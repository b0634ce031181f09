import {
  ClusterProportionalAutoscaler,
  decisionAnnotation,
  decisionRecordAnnotation,
  setCondition,
  stableJson,
  timestamp,
} from "@bellows/api";
import type { ControllerContext, ObjectKey } from "@bellows/kube";
import type { CpaDecision } from "./explain.ts";
import type { SizedTarget } from "./proportional.ts";

type Status = NonNullable<ClusterProportionalAutoscaler["status"]>;

/** Writes what differs: the status, then the decision where it is another one. */
export async function writeStatus(
  autoscaler: ClusterProportionalAutoscaler,
  key: ObjectKey,
  record: CpaDecision,
  replicas: number,
  sized: readonly SizedTarget[],
  { client, clock }: ControllerContext,
): Promise<void> {
  const before = autoscaler.status;
  const status = statusOf(autoscaler, record, replicas, sized, clock.now());
  if (!before || stableJson(status) !== stableJson(before)) {
    const body = { status };
    await client.patch(ClusterProportionalAutoscaler, key, { type: "merge", body }, { subresource: "status" });
  }
  // A write to the status of a custom resource leaves its annotations alone.
  if (autoscaler.metadata.annotations?.[decisionAnnotation] === record.id) return;
  const annotations = { [decisionAnnotation]: record.id, [decisionRecordAnnotation]: stableJson(record) };
  await client.patch(ClusterProportionalAutoscaler, key, { type: "merge", body: { metadata: { annotations } } });
}

function statusOf(
  { metadata: { generation }, spec, status: before }: ClusterProportionalAutoscaler,
  { seen }: CpaDecision,
  replicas: number,
  sized: readonly SizedTarget[],
  now: number,
): Status {
  const all = (spec.linear ?? spec.ladder)?.includeUnschedulableNodes ?? false;
  const observed = generation !== undefined && { observedGeneration: generation };
  const ready = { type: "Ready", ...readiness(replicas, sized), ...observed };
  return {
    ...observed,
    nodes: all ? seen.totalNodes : seen.schedulableNodes,
    cores: all ? seen.totalCores : seen.schedulableCores,
    replicas,
    ...(sized.some(({ changed }) => changed)
      ? { lastScaleTime: timestamp(now) }
      : before?.lastScaleTime && { lastScaleTime: before.lastScaleTime }),
    targets: sized.map(({ target, problem }) => ({
      kind: target.kind,
      name: target.name,
      ...(problem === undefined ? { replicas } : { message: problem }),
    })),
    conditions: [...setCondition<NonNullable<Status["conditions"]>[number]>(before?.conditions, ready as never, now)],
  };
}

function readiness(replicas: number, sized: readonly SizedTarget[]) {
  const failed = sized.filter(({ problem }) => problem !== undefined);
  if (failed.length === 0) {
    return { status: "True", reason: "TargetsSized", message: `every target has ${replicas} replicas` };
  }
  const message = failed
    .map(({ target, problem, reason }) => (reason ? problem : `${target.kind}/${target.name}: ${problem}`))
    .join("; ");
  const [first] = failed;
  const reason = (failed.every((each) => each.reason === first?.reason) && first?.reason) || "FailedRescale";
  return { status: "False", reason, message };
}
