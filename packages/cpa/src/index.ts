export { type CpaProcess, CpaSettings, cpaProcess } from "./config.ts";
export { type ConfigMapControllerOptions, configMapController } from "./config-map-controller.ts";
export { clusterProportionalAutoscalerController } from "./controller.ts";
export { type Installation, type InstallationFlags, installationOf } from "./installation.ts";
