export { IpPool } from "./ip-pool.ts";
export { KubeletFleet, type KubeletFleetOptions } from "./kubelet-fleet.ts";
export { KubeletStreams, type KubeletStreamsOptions } from "./kubelet-streams.ts";
export { defaultKubeletTiming, type KubeletTiming } from "./kubelet-timing.ts";
export { defaultNodeSoftware, type Machine, type NodeSoftware } from "./machine.ts";
export { MemoryWatch } from "./memory-watch.ts";
export { podRequests } from "./pod-admission.ts";
