export { type Peer, type RequestHeaderConfig, readRequestHeaderConfig } from "./authentication.ts";
export { type ForwardingOptions, forwarder } from "./forwarding.ts";
export { type GuardOptions, guardedHandler } from "./guarded-handler.ts";
export {
  type ExternalMetricsHandler,
  type ExternalMetricsOptions,
  type ExternalMetricsRequest,
  type ExternalMetricsResponse,
  externalMetricsHandler,
} from "./handler.ts";
export {
  apiServiceName,
  type FormerAdapter,
  formerAdapterAnnotation,
  formerAdapterOf,
  type RegistrationOptions,
  registerApiService,
  type ServiceReference,
  unregisterApiService,
} from "./registration.ts";
export { externalMetricsRoutes } from "./serving.ts";
