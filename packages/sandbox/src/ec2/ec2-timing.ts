import type { MsRange } from "../kubelet/jitter.ts";

/**
 * How long the steps of an instance take. With the kubelet's defaults an instance is Ready 35 to 45 s after its launch,
 * as on EKS with Amazon Linux 2023.
 */
export interface Ec2Timing {
  /** The answer to CreateFleet; instances count as launched when it comes. */
  readonly createFleet: MsRange;
  /** Any other call. */
  readonly call: MsRange;
  /** From launch to the state `running`. */
  readonly pending: MsRange;
  /** From `running` to the registration of the kubelet: kernel, cloud-init, nodeadm. */
  readonly boot: MsRange;
  /** From TerminateInstances to `terminated`. */
  readonly shutdown: MsRange;
  /** How soon an Auto Scaling group acts on a change. */
  readonly autoScaling: MsRange;
  /** From the loss of an instance until the cloud controller deletes its Node. */
  readonly nodeDeletion: MsRange;
  /** The notice before a spot instance is taken back, and how long before it a rebalance recommendation comes. */
  readonly spotNoticeMs: number;
  readonly rebalanceLeadMs: number;
  /** How long terminated instances can still be described. */
  readonly forgetTerminatedMs: number;
}

export const defaultEc2Timing: Ec2Timing = {
  createFleet: { fromMs: 1_000, toMs: 2_000 },
  call: { fromMs: 40, toMs: 120 },
  pending: { fromMs: 6_000, toMs: 9_000 },
  boot: { fromMs: 22_000, toMs: 26_000 },
  shutdown: { fromMs: 15_000, toMs: 40_000 },
  autoScaling: { fromMs: 1_500, toMs: 4_000 },
  nodeDeletion: { fromMs: 2_000, toMs: 6_000 },
  spotNoticeMs: 120_000,
  rebalanceLeadMs: 60_000,
  forgetTerminatedMs: 3_600_000,
};
