import { type KubernetesObject, Node, type Selector } from "@bellows/api";
import { ApiError, type ControllerContext } from "@bellows/kube";
import { type ClusterSize, clusterSize } from "./engine/cluster-size.ts";
import type { Target } from "./engine/target.ts";

/** The size of the cluster as the cache has it. */
export const observeSize = ({ cache }: ControllerContext, nodes: Selector | undefined): ClusterSize =>
  clusterSize(nodes ? cache.list(Node).filter((node) => nodes.matches(node.metadata.labels ?? {})) : cache.list(Node));

/** What became of one target. */
export interface SizedTarget {
  readonly target: Target;
  readonly changed: boolean;
  /** What the server said where the scale could not be read or written. */
  readonly problem?: string;
}

/**
 * Brings every target to `replicas`. One that fails does not stop the others.
 * @param subject  whose Events say what was done
 */
export async function sizeTargets(
  subject: KubernetesObject,
  namespace: string,
  targets: readonly Target[],
  replicas: number,
  size: ClusterSize,
  context: ControllerContext,
): Promise<readonly SizedTarget[]> {
  const sized: SizedTarget[] = [];
  for (const target of targets) {
    if (context.signal.aborted) break;
    sized.push(await sizeTarget(subject, namespace, target, replicas, size, context));
  }
  return sized;
}

async function sizeTarget(
  subject: KubernetesObject,
  namespace: string,
  target: Target,
  replicas: number,
  size: ClusterSize,
  { client, events, log }: ControllerContext,
): Promise<SizedTarget> {
  const name = `${target.kind}/${target.name}`;
  try {
    const scale = await client.getScale({ ...target, namespace });
    const from = scale.spec?.replicas ?? 0;
    if (from === replicas) return { target, changed: false };
    await client.updateScale({ ...target, namespace }, replicas, scale.metadata.resourceVersion);
    const because = `${size.schedulableNodes} schedulable nodes, ${size.schedulableCores} schedulable cores`;
    const message = `New size of ${name}: ${replicas}; reason: ${because}`;
    events.record(subject, { type: "Normal", reason: "SuccessfulRescale", message });
    log.info("rescaled", { target: name, namespace, from, to: replicas, ...size });
    return { target, changed: true };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const message = `${name}: ${error.message}; its replicas are left as they are`;
    events.record(subject, { type: "Warning", reason: "FailedRescale", message });
    return { target, changed: false, problem: error.message };
  }
}
