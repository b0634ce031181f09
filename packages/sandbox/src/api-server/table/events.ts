import type { Event } from "@bellows/api";
import { columnsFormat, text, wide } from "./columns.ts";
import { ageOf } from "./human-duration.ts";

/** Events of the core group and of events.k8s.io, which name the same fields differently. */
interface AnyEvent extends Omit<Event, "involvedObject"> {
  involvedObject?: Event["involvedObject"];
  regarding?: Event["involvedObject"];
  note?: string;
  deprecatedFirstTimestamp?: string;
  deprecatedLastTimestamp?: string;
  deprecatedCount?: number;
  deprecatedSource?: Event["source"];
  reportingController?: string;
}

const firstSeen = (o: AnyEvent, now: number) =>
  ageOf(o.firstTimestamp || o.deprecatedFirstTimestamp || o.eventTime, now);

function lastSeen(o: AnyEvent, now: number): string {
  if (o.series) return ageOf(o.series.lastObservedTime, now);
  const last = o.lastTimestamp || o.deprecatedLastTimestamp;
  return last ? ageOf(last, now) : firstSeen(o, now);
}

function target(o: AnyEvent): string {
  const object = o.involvedObject ?? o.regarding;
  const kind = (object?.kind ?? "").toLowerCase();
  return object?.name ? `${kind}/${object.name}` : kind;
}

function source(o: AnyEvent): string {
  const from = o.source ?? o.deprecatedSource;
  const component = from?.component || o.reportingComponent || o.reportingController || "";
  const instance = from?.host || o.reportingInstance || "";
  return instance ? `${component}, ${instance}` : component;
}

export const eventFormat = columnsFormat<AnyEvent>([
  text("Last Seen", lastSeen),
  text("Type", (o) => o.type ?? ""),
  text("Reason", (o) => o.reason ?? ""),
  text("Object", target),
  wide("Subobject", (o) => (o.involvedObject ?? o.regarding)?.fieldPath ?? ""),
  wide("Source", source),
  text("Message", (o) => (o.message ?? o.note ?? "").trim()),
  wide("First Seen", firstSeen),
  wide("Count", (o) => o.series?.count ?? (o.count || o.deprecatedCount || 1)),
  { name: "Name", format: "name", priority: 1, cell: (o) => o.metadata.name },
]);
