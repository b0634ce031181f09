import type { Taint } from "@bellows/api";
import type { Amounts } from "@bellows/aws";
import type { IpPool } from "./ip-pool.ts";

/** The computer that a kubelet runs on. */
export interface Machine {
  /** The node's name; on EC2 the private DNS name. */
  readonly nodeName: string;
  /** `aws:///us-east-1a/i-0abc` */
  readonly providerId: string | undefined;
  readonly architecture: "amd64" | "arm64";
  readonly capacity: Amounts;
  readonly allocatable: Amounts;
  readonly internalIp: string;
  readonly externalIp?: string;
  /** Labels the node registers with, beyond those that the kubelet gives itself. */
  readonly labels: Readonly<Record<string, string>>;
  /** Taints the node registers with (`--register-with-taints`). */
  readonly taints: readonly Taint[];
  /** Where pods get their addresses from. */
  readonly podIps: IpPool;
}

/** What `kubectl get node -o wide` and `nodeInfo` show. */
export interface NodeSoftware {
  readonly kubeletVersion: string;
  readonly osImage: string;
  readonly kernelVersion: string;
  readonly containerRuntimeVersion: string;
}

export const defaultNodeSoftware: NodeSoftware = {
  kubeletVersion: "v1.35.4-eks-40737a8",
  osImage: "Amazon Linux 2023.10.20260105",
  kernelVersion: "6.12.63-84.121.amzn2023.x86_64",
  containerRuntimeVersion: "containerd://2.1.5",
};
