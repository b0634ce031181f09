export { adminUser, type ApiRequest, type ApiResponse, Query, type UserInfo } from "./api-request.ts";
export { ApiServer, type ApiServerOptions } from "./api-server.ts";
export { inProcessTransport } from "./in-process-transport.ts";
