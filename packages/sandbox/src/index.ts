export * from "./api-server/index.ts";
export { type BellowsController, createWorld, type NodeGroup, type World, type WorldOptions } from "./cluster/world.ts";
export { type RunningSandbox, type SandboxOptions, startSandbox } from "./sandbox.ts";
