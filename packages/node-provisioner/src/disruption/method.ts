import type { Node, NodeClaim, NodePool, Pod } from "@bellows/api";
import type { ControllerContext } from "@bellows/kube";
import type { Fleet } from "../cluster/fleet.ts";
import type { ClusterNode } from "../cluster/nodes.ts";
import type { DisruptionReason } from "../engine/budget.ts";

/** A node that may be disrupted at all. */
export interface Candidate extends ClusterNode {
  readonly node: Node;
  readonly claim: NodeClaim;
  readonly nodePool: NodePool;
  /** Pods that would need another node. */
  readonly reschedulablePods: readonly Pod[];
}

/** Nodes that go together, and why. */
export interface Command {
  readonly reason: DisruptionReason;
  readonly candidates: readonly Candidate[];
}

/** One way in which nodes come to be disrupted; the order of methods in the controller is the policy. */
export interface Method {
  readonly reason: DisruptionReason;
  shouldDisrupt(candidate: Candidate): boolean;
  /**
   * What to do now.
   * @param allowed  how many more nodes of each pool may go for this reason
   */
  commands(
    candidates: readonly Candidate[],
    allowed: ReadonlyMap<string, number>,
    fleet: Fleet,
    context: ControllerContext,
  ): Promise<readonly Command[]>;
  /** Whether a candidate may still be disrupted, by what is true at the moment of acting. */
  isStillRight(candidate: Candidate, podsNow: readonly Pod[]): boolean;
}
