export type { Files } from "./manifests.ts";
export { runScenario, type ScenarioRun } from "./run-scenario.ts";
export { parseScenario, type Scenario, ScenarioError } from "./scenario.ts";
export { type TimelineEntry, timelineLine } from "./timeline.ts";
