import {
  type DecisionId,
  decisionAnnotation,
  type Kind,
  type KubernetesObject,
  Node,
  type Selector,
} from "@bellows/api";
import { ApiError, type ControllerContext } from "@bellows/kube";
import type { Corrections } from "./corrections.ts";
import { type ClusterSize, clusterSize } from "./engine/cluster-size.ts";
import type { Target } from "./engine/target.ts";

/** The size of the cluster as the cache has it. */
export const observeSize = ({ cache }: ControllerContext, nodes: Selector | undefined): ClusterSize =>
  clusterSize(nodes ? cache.list(Node).filter((node) => nodes.matches(node.metadata.labels ?? {})) : cache.list(Node));

type Scaled = KubernetesObject & { readonly spec?: { readonly replicas?: number } };

/** What became of one target. */
export interface SizedTarget {
  readonly target: Target;
  readonly changed: boolean;
  /** What the server said where the scale could not be read or written. */
  readonly problem?: string;
  /** What the problem is, where it is nothing that the server said. */
  readonly reason?: "AmbiguousTarget" | "ScaledByAnother";
}

/** What is to be sized, and who says so. */
export interface Sizing {
  /** Whose Events say what was done. */
  readonly subject: KubernetesObject;
  readonly decisionId: DecisionId;
  readonly namespace: string;
  readonly targets: readonly Target[];
  readonly replicas: number;
  readonly size: ClusterSize;
  /** Kinds whose objects are in the cache, so that a target that is as it should be costs no request. */
  readonly cached: readonly Kind[];
  readonly corrections: Corrections;
}

/** Brings every target to `replicas`. One that fails does not stop the others. */
export async function sizeTargets(sizing: Sizing, context: ControllerContext): Promise<readonly SizedTarget[]> {
  const sized: SizedTarget[] = [];
  for (const target of sizing.targets) {
    if (context.signal.aborted) break;
    sized.push(await sizeTarget(target, sizing, context));
  }
  return sized;
}

async function sizeTarget(
  target: Target,
  { subject, decisionId, namespace, replicas, size, cached, corrections }: Sizing,
  { client, cache, clock, events, log }: ControllerContext,
): Promise<SizedTarget> {
  const name = `${target.kind}/${target.name}`;
  const id = `${namespace}/${target.apiVersion}/${name}`;
  const kind = cached.find((each) => each.kind === target.kind && each.apiVersion === target.apiVersion);
  const known = kind && (cache.get(kind, { namespace, name: target.name }) as Scaled | undefined);
  if (known?.spec?.replicas === replicas) return { target, changed: false };
  try {
    const scale = await client.getScale({ ...target, namespace });
    const from = scale.spec?.replicas ?? 0;
    if (from === replicas) return { target, changed: false };
    if (corrections.allowedAt(id, decisionId, clock.now()) > clock.now()) {
      const problem = `${name}: somebody else scales it, to ${from}; put right at most once in a poll period`;
      events.record(subject, { type: "Warning", reason: "ScaledByAnother", message: problem });
      return { target, changed: false, problem, reason: "ScaledByAnother" };
    }
    await client.updateScale({ ...target, namespace }, replicas, scale.metadata.resourceVersion);
    corrections.wrote(id, decisionId, clock.now());
    const because = `${size.schedulableNodes} schedulable nodes, ${size.schedulableCores} schedulable cores`;
    const message = `New size of ${name}: ${replicas}; reason: ${because}`;
    const annotations = { [decisionAnnotation]: decisionId };
    events.record(subject, { type: "Normal", reason: "SuccessfulRescale", message, annotations });
    log.info("rescaled", { decision: decisionId, target: name, namespace, from, to: replicas, ...size });
    return { target, changed: true };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const message = `${name}: ${error.message}; its replicas are left as they are`;
    events.record(subject, { type: "Warning", reason: "FailedRescale", message });
    return { target, changed: false, problem: error.message };
  }
}
