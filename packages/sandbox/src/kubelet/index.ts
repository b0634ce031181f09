export { type KubeletServerOptions, serveKubelets } from "./http/kubelet-server.ts";
export { KubeletFleet, type KubeletFleetOptions } from "./kubelet-fleet.ts";
export { KubeletStreams, type KubeletStreamsOptions } from "./kubelet-streams.ts";
export type { KubeletTiming } from "./kubelet-timing.ts";
export type { Machine, NodeSoftware } from "./machine.ts";
export { MemoryWatch } from "./memory-watch.ts";
