import type { Clock } from "@bellows/kube";
import type { ImageStore } from "./image-store.ts";
import type { IpPool } from "./ip-pool.ts";
import type { KubeletEvents } from "./kubelet-events.ts";
import type { KubeletTiming } from "./kubelet-timing.ts";
import type { PodRun } from "./pod-run.ts";

/** What a pod needs of its node. */
export interface PodHost {
  readonly nodeName: string;
  readonly hostIp: string;
  readonly clock: Clock;
  readonly timing: KubeletTiming;
  readonly images: ImageStore;
  readonly podIps: IpPool;
  readonly events: KubeletEvents;
  /** The status of the pod is to be written. */
  changed(pod: PodRun): void;
  /** The pod was deleted and all its containers have stopped: its object can go. */
  stopped(pod: PodRun): void;
  /** The pod is over, its requests are free again. */
  over(pod: PodRun): void;
}
