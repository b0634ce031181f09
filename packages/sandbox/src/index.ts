export * from "./api-server/index.ts";
export type { BellowsController } from "./cluster/bellows-controllers.ts";
export type { NodeGroup } from "./cluster/node-group.ts";
export { type NodesOptions, type RunningNodes, startNodes } from "./cluster/nodes.ts";
export { createWorld, type World, type WorldOptions } from "./cluster/world.ts";
export { type RunningSandbox, type SandboxOptions, startSandbox } from "./sandbox.ts";
