import type { Event } from "@bellows/api";
import { eventToCore } from "../conversion/event.ts";
import { equalJson, type JsonObject } from "../json-value.ts";
import type { FieldErrors } from "./field-errors.ts";
import { dns1123SubdomainProblems, qualifiedNameProblems } from "./formats.ts";

const longest = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const;

/** An Event as the core group takes it: with a time of its own it must say who acted, and how. */
export const validateEvent = (errors: FieldErrors, event: Event): void =>
  validateLegacy(errors, event, "reportingComponent");

/** An Event of events.k8s.io, where what only old recorders wrote must be absent; paths are the core group's. */
export function validateNewEvent(errors: FieldErrors, object: object, old?: object): void {
  const event = asCore(object);
  validateLegacy(errors, event, "reportingController");
  if (old) validateChange(errors, event, asCore(old));
  else validateNew(errors, event);
}

const asCore = (object: object): Event => eventToCore(object as JsonObject) as unknown as Event;

function validateLegacy(errors: FieldErrors, event: Event, controller: string): void {
  const { metadata, involvedObject, eventTime, reportingComponent = "" } = event;
  const namespace = involvedObject?.namespace ?? "";
  const own = metadata.namespace ?? "";
  const stray = () => errors.invalid("involvedObject.namespace", namespace, "does not match event.namespace");
  if (!eventTime) {
    if (namespace === "" ? own !== "" && own !== "default" : own !== namespace) stray();
  } else {
    if (namespace === "" && own !== "default" && own !== "kube-system") stray();
    if (reportingComponent === "") errors.required(controller);
    errors.invalidEach(controller, reportingComponent, qualifiedNameProblems(reportingComponent));
    for (const field of ["reportingInstance", "action", "reason", "message"] as const) {
      const text = event[field] ?? "";
      if (text === "" && field !== "message") errors.required(field);
      if (text.length > longest[field]) errors.invalid(field, "", `can have at most ${longest[field]} characters`);
    }
  }
  errors.invalidEach("namespace", own, dns1123SubdomainProblems(own));
}

function validateNew(errors: FieldErrors, event: Event): void {
  validateSeries(errors, event);
  const { eventTime, type, firstTimestamp, lastTimestamp, count, source } = event;
  if (!eventTime) errors.required("eventTime");
  if (type !== "Normal" && type !== "Warning") errors.invalid("type", "", `has invalid value: ${type ?? ""}`);
  const unset = (field: string, given: unknown) => {
    if (given) errors.invalid(field, "", "needs to be unset");
  };
  unset("firstTimestamp", firstTimestamp);
  unset("lastTimestamp", lastTimestamp);
  unset("count", count);
  unset("source", source?.component || source?.host);
}

function validateSeries(errors: FieldErrors, { series }: Event): void {
  if (!series) return;
  if ((series.count ?? 0) < 2) errors.invalid("series.count", "", "should be at least 2");
  if (!series.lastObservedTime) errors.required("series.lastObservedTime");
}

const fixed = [
  ...(["involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count", "reason"] as const),
  ...(["type", "eventTime", "action", "related", "reportingComponent", "reportingInstance"] as const),
];

/** Of what was told, only the series goes on. */
function validateChange(errors: FieldErrors, event: Event, old: Event): void {
  if (!equalJson(event.series ?? null, old.series ?? null)) validateSeries(errors, event);
  for (const field of fixed)
    if (!equalJson(event[field] ?? null, old[field] ?? null))
      errors.immutable(field === "reportingComponent" ? "reportingController" : field, shownValue(field, event));
}

/** As Go prints it: what is involved has no names of JSON there. */
function shownValue(field: (typeof fixed)[number], event: Event): unknown {
  if (field !== "involvedObject") return event[field] ?? null;
  const { kind, namespace, name, uid, apiVersion, resourceVersion, fieldPath } = event.involvedObject;
  return {
    Kind: kind ?? "",
    Namespace: namespace ?? "",
    Name: name ?? "",
    UID: uid ?? "",
    APIVersion: apiVersion ?? "",
    ResourceVersion: resourceVersion ?? "",
    FieldPath: fieldPath ?? "",
  };
}
