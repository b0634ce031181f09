export { observe } from "./check.ts";
export { applyObjects, type Files, objectsOf } from "./manifests.ts";
export { runScenario, type ScenarioRun } from "./run-scenario.ts";
export { parseScenario, type Scenario, type ScenarioAction, type ScenarioCheck, ScenarioError } from "./scenario.ts";
export { clockTime, type TimelineEntry, timelineLine } from "./timeline.ts";
