import type { Timer } from "@bellows/kube";
import type { ApiObject } from "../api-object.ts";
import type { ServedResource } from "../resource.ts";
import { type FieldError, invalid, type Status, StatusError } from "../status-error.ts";
import type { StoredEvent } from "../watch-history.ts";
import { type ListOptions, listOptions } from "./list-options.ts";
import { atLeast, parseVersion } from "./read.ts";
import type { RequestScope } from "./request-scope.ts";
import { selection } from "./selection.ts";

/** What a watch says, as it goes to the client. */
export type WatchFrame =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: ApiObject }
  | { readonly type: "BOOKMARK"; readonly object: ApiObject }
  | { readonly type: "ERROR"; readonly object: Status };

export interface WatchSink {
  frame(frame: WatchFrame): void;
  /** Once, when the server ends the watch. */
  end(): void;
}

/** An accepted watch. Nothing is sent before `start`. */
export interface WatchSource {
  start(sink: WatchSink): { stop(): void };
}

/** How often a quiet watch is told how far it has come (the watch cache's bookmark frequency). */
const bookmarkEveryMs = 60_000;

/** How long before a watch's own time limit it says how far it has come. */
const bookmarkBeforeEndMs = 2_000;

export function watch(scope: RequestScope): WatchSource {
  const { resource, request, namespace } = scope;
  const { store, clock } = scope.parts;
  const options = listOptions(request.query);
  validateWatchOptions(options);
  const selected = selection(resource, options.labelSelector, options.fieldSelector, scope.name);
  atLeast(scope, options.resourceVersion);
  const prefix = namespace ? `${namespace}/` : "";
  const asked = options.resourceVersion === "" ? 0 : parseVersion(options.resourceVersion);
  const initialList = options.sendInitialEvents ?? asked === 0;
  const from = options.sendInitialEvents === undefined && asked !== 0 ? asked : store.revision;
  const convert = resource.rules.fromStored;
  return {
    start(sink) {
      let timers: Timer[] = [];
      let stopped = false;
      const stop = () => {
        stopped = true;
        resource.collection.unsubscribe(subscriber);
        for (const timer of timers) timer.cancel();
        timers = [];
      };
      const end = () => {
        if (stopped) return;
        stop();
        sink.end();
      };
      const send = (event: StoredEvent) => {
        if (prefix && !event.key.startsWith(prefix)) return;
        const frame = selected.empty ? event : seenThrough(selected.matches, event);
        if (frame) deliver(frame.type, frame.object);
      };
      const deliver = (type: "ADDED" | "MODIFIED" | "DELETED", object: ApiObject) =>
        inOrder([object], () => sink.frame({ type, object: convert(object) }));
      const inOrder = inOrderOf(resource, (error) => {
        if (stopped) return;
        sink.frame({ type: "ERROR", object: error.status });
        end();
      });
      const bookmark = (annotations?: Record<string, string>) => {
        const resourceVersion = String(store.revision);
        const metadata = { resourceVersion, ...(annotations && { annotations }) };
        const object = { kind: resource.kind, apiVersion: resource.apiVersion, metadata } as unknown as ApiObject;
        inOrder([], () => {
          if (!stopped) sink.frame({ type: "BOOKMARK", object });
        });
      };
      const bookmarkLater = () => {
        const timer = clock.after(bookmarkEveryMs, () => {
          timers = timers.filter((one) => one !== timer);
          bookmark();
          bookmarkLater();
        });
        timers.push(timer);
      };
      const subscriber = { event: send, gone: end };
      // In a microtask: the caller has its handle before the first event comes.
      queueMicrotask(() => {
        if (stopped) return;
        const current = store.revision;
        if (initialList) {
          for (const object of resource.collection.list(prefix)) {
            if (stopped) return;
            if (selected.matches(object)) deliver("ADDED", object);
          }
          if (options.sendInitialEvents && options.allowWatchBookmarks)
            bookmark({ "k8s.io/initial-events-end": "true" });
        } else {
          const missed = resource.collection.history.since(from);
          if (!missed) {
            sink.frame({ type: "ERROR", object: tooOld(from, resource.collection.history.compacted).status });
            return end();
          }
          for (const event of missed) {
            if (stopped) return;
            send(event);
          }
        }
        if (stopped) return;
        resource.collection.subscribe(subscriber, current);
        if (options.allowWatchBookmarks) {
          bookmarkLater();
          // The last word before the end: the next watch need not look at what this one has seen.
          const lastMs = (options.timeoutSeconds ?? 0) * 1000 - bookmarkBeforeEndMs;
          if (lastMs > 0) timers.push(clock.after(lastMs, () => bookmark()));
        }
        if (options.timeoutSeconds) timers.push(clock.after(options.timeoutSeconds * 1000, end));
      });
      return { stop };
    },
  };
}

/**
 * Runs steps one after another, each once the objects that it shows are known in the version that is asked for. Where
 * nobody need be asked for that, at once.
 */
function inOrderOf({ rules }: ServedResource, failed: (error: StatusError) => void) {
  if (!rules.askFromStored) return (_: readonly ApiObject[], act: () => void) => act();
  let before = Promise.resolve();
  return (objects: readonly ApiObject[], act: () => void) => {
    before = before
      .then(() => rules.askFromStored?.(objects))
      .then(act)
      .catch((error: unknown) => {
        if (!(error instanceof StatusError)) throw error;
        failed(error);
      });
  };
}

/** What a change looks like to one who sees only what matches: an object comes into view, or leaves it. */
function seenThrough(
  matches: (object: ApiObject) => boolean,
  event: StoredEvent,
): { type: StoredEvent["type"]; object: ApiObject } | undefined {
  const now = event.type !== "DELETED" && matches(event.object);
  const before = event.before !== undefined && matches(event.before);
  if (now) return { type: before ? "MODIFIED" : "ADDED", object: event.object };
  if (!before) return undefined;
  if (event.type === "DELETED") return { type: "DELETED", object: event.object };
  // The client knows the object as it was; only its version is that of the change.
  const last = event.before as ApiObject;
  const metadata = { ...last.metadata, resourceVersion: String(event.revision) };
  return { type: "DELETED", object: { ...last, metadata } };
}

const tooOld = (asked: number, compacted: number) =>
  new StatusError(410, "Expired", `too old resource version: ${asked} (${compacted})`);

function validateWatchOptions(options: ListOptions): void {
  const errors: FieldError[] = [];
  const forbid = (field: string, why: string) =>
    errors.push({ reason: "FieldValueForbidden", field, message: `Forbidden: ${why}` });
  const match = options.resourceVersionMatch;
  if (options.sendInitialEvents !== undefined && match !== "NotOlderThan")
    forbid("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  if (match) {
    if (options.sendInitialEvents === undefined)
      forbid(
        "resourceVersionMatch",
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
      );
    if (match !== "NotOlderThan")
      errors.push({
        reason: "FieldValueNotSupported",
        field: "resourceVersionMatch",
        message: `Unsupported value: ${JSON.stringify(match)}: supported values: "NotOlderThan"`,
      });
    if (options.continueToken)
      forbid("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
  }
  if (errors.length > 0) throw invalid("meta.k8s.io", "ListOptions", "", errors);
}
