export { type CloudEventOptions, cloudEventSourceControllers } from "./controller.ts";
export { CloudEventEmitter } from "./emitter.ts";
