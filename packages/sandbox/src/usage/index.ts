export { type ContainerProgram, type ProgramLoad, programOf, waitsForCommands } from "./container-program.ts";
export { LoadProfileStatus, type LoadProfileStatusOptions } from "./load-profile-status.ts";
export { UsageSource } from "./usage-source.ts";
