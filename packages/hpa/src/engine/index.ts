/**
 * The engine alone, for callers that have the metric values already: no client, no clock, no I/O.
 *
 * One sync is `decideReplicas(hpa, seen, history, config, now)`, the write of `rescaleTo` (where it is set) to the
 * target's scale, and `concludeSync(hpa, decision, outcome, now)`, whose `history` goes into the next sync. `hpa` needs
 * only metadata and spec (min and max, metrics, behavior with the API's defaults); `seen.readings` has one entry for each
 * of spec.metrics, in that order. Instants are milliseconds since the Unix epoch.
 */
export { type HpaRecord, recordOf } from "../explain.ts";
export { concludeSync, type HpaConclusion, type RescaleOutcome } from "./conclude.ts";
export {
  decideReplicas,
  defaultConfig,
  type HpaConfig,
  type HpaDecision,
  type HpaEvent,
  type Seen,
} from "./decide.ts";
export { type History, noHistory } from "./history.ts";
export { type Reading, readingOfValues } from "./metric.ts";
