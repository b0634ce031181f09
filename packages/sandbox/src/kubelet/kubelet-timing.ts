import type { MsRange } from "./jitter.ts";

/** How long the steps of a kubelet take. The defaults are what EKS nodes show. */
export interface KubeletTiming {
  /** From the kubelet's registration to the CNI plugin being ready, where no condition of the cluster decides it. */
  readonly cni: MsRange;
  /** Sandbox and network of a pod. */
  readonly sandbox: MsRange;
  /** Creating and starting a container whose image is there. */
  readonly containerStart: MsRange;
  /** Asking the registry about an image that is there (pull policy `Always`). */
  readonly imageCheck: MsRange;
  /** Image download and unpacking, in bytes a second, after `imageCheck`. */
  readonly pullBytesPerSecond: number;
  /** A process that obeys SIGTERM is gone after this. */
  readonly stop: MsRange;
  /** In-place resize of a container's cgroup. */
  readonly resize: MsRange;
  readonly leaseRenewMs: number;
  readonly nodeStatusMs: number;
}

export const defaultKubeletTiming: KubeletTiming = {
  cni: { fromMs: 5_000, toMs: 8_000 },
  sandbox: { fromMs: 300, toMs: 800 },
  containerStart: { fromMs: 80, toMs: 200 },
  imageCheck: { fromMs: 350, toMs: 900 },
  pullBytesPerSecond: 45_000_000,
  stop: { fromMs: 150, toMs: 600 },
  resize: { fromMs: 300, toMs: 900 },
  leaseRenewMs: 10_000,
  nodeStatusMs: 300_000,
};
