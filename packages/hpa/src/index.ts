export { HpaSettings, hpaOptions } from "./config.ts";
export { type HpaController, type HpaControllerOptions, hpaController } from "./controller.ts";
export * from "./engine/conclude.ts";
export * from "./engine/decide.ts";
export * from "./engine/history.ts";
export { hpaProjections } from "./projections.ts";
export * from "./vectors.ts";
