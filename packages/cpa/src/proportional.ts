import { type KubernetesObject, Node, type Selector } from "@bellows/api";
import { ApiError, type ControllerContext } from "@bellows/kube";
import { type ClusterSize, clusterSize } from "./engine/cluster-size.ts";
import { type Params, replicasFor } from "./engine/params.ts";
import type { Target } from "./engine/target.ts";

/** The size of the cluster as the cache has it. */
export const observeSize = ({ cache }: ControllerContext, nodes: Selector | undefined): ClusterSize =>
  clusterSize(nodes ? cache.list(Node).filter((node) => nodes.matches(node.metadata.labels ?? {})) : cache.list(Node));

export interface Sized {
  readonly replicas: number;
  /** Targets whose scale could not be read or written, and what the server said. */
  readonly failures: readonly string[];
}

/**
 * Brings every target to the replicas that the size asks for. One that fails does not stop the others.
 * @param subject  whose Events say what was done
 */
export async function sizeTargets(
  subject: KubernetesObject,
  namespace: string,
  targets: readonly Target[],
  params: Params,
  size: ClusterSize,
  { client, events, log, signal }: ControllerContext,
): Promise<Sized> {
  const replicas = replicasFor(params, size);
  const failures: string[] = [];
  for (const target of targets) {
    if (signal.aborted) break;
    try {
      const scale = await client.getScale({ ...target, namespace });
      const from = scale.spec?.replicas ?? 0;
      if (from === replicas) continue;
      await client.updateScale({ ...target, namespace }, replicas, scale.metadata.resourceVersion);
      const because = `${size.schedulableNodes} schedulable nodes, ${size.schedulableCores} schedulable cores`;
      const message = `New size of ${target.kind}/${target.name}: ${replicas}; reason: ${because}`;
      events.record(subject, { type: "Normal", reason: "SuccessfulRescale", message });
      log.info("rescaled", { target: `${target.kind}/${target.name}`, namespace, from, to: replicas, ...size });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const message = `${target.kind}/${target.name}: ${error.message}; its replicas are left as they are`;
      failures.push(message);
      events.record(subject, { type: "Warning", reason: "FailedRescale", message });
    }
  }
  return { replicas, failures };
}
