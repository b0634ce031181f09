import type { JsonObject } from "../json-value.ts";

/** The same facts under the names of the core group and of events.k8s.io. */
const names: readonly (readonly [core: string, events: string])[] = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
  ["source", "deprecatedSource"],
  ["reportingComponent", "reportingController"],
];

export const eventToCore = (event: JsonObject): JsonObject =>
  renamed(event, "v1", new Map(names.map(([core, events]) => [events, core])));

export const eventToEvents = (event: JsonObject): JsonObject => renamed(event, "events.k8s.io/v1", new Map(names));

function renamed(event: JsonObject, apiVersion: string, to: ReadonlyMap<string, string>): JsonObject {
  const result: JsonObject = {};
  for (const key in event) result[to.get(key) ?? key] = event[key];
  return { ...result, apiVersion };
}
