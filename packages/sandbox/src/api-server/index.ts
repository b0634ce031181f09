export { adminUser, type ApiRequest, type ApiResponse, Query, type UserInfo } from "./api-request.ts";
export { ApiServer, type ApiServerOptions } from "./api-server.ts";
export { bootstrapCluster } from "./bootstrap.ts";
export { type HttpsFront, type HttpsFrontOptions, PortTaken, serveHttps } from "./http/https-front.ts";
export { kubeconfig } from "./http/kubeconfig.ts";
export { inProcessTransport } from "./in-process-transport.ts";
export type { PodLogOptions, PodStreams } from "./subresources/pod-streams.ts";
export { type TokenKey, tokenKeyOf } from "./token-key.ts";
export type { StreamChannels, StreamResult } from "./upgrade.ts";
