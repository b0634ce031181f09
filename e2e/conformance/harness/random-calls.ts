import type { Json, PatchType } from "./conversation.ts";
import { type Subject, subjects } from "./random-subjects.ts";

/** One call of a generated sequence, as data, so that a sequence can be printed, shrunk and run again. */
export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly type?: PatchType;
  readonly body?: Json;
}

/** Mulberry32: the same seed gives the same numbers everywhere. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const names = ["a", "b", "Not Valid"];
const labels: readonly Json[] = [{ x: "1" }, { x: "2", y: "1" }, null, { "a b": "c" }];
const finalizers: readonly Json[] = [["example.com/f"], null];
const annotations: readonly Json[] = [{ note: "1" }, { note: null }, { note: 1 }];
const selectors = [
  "",
  "labelSelector=x",
  "labelSelector=x%3D1",
  "labelSelector=x%20notin%20(1)",
  "labelSelector=%21x%2Cy",
].concat([
  "fieldSelector=metadata.name%3Da",
  "fieldSelector=metadata.name%21%3Da",
  "fieldSelector=spec.none%3D1",
  "labelSelector=%3D%3D",
]);
const pages = ["", "", "limit=500", "resourceVersion=0", "resourceVersion=x", "limit=1&resourceVersionMatch=Exact"];
const modes = ["", "", "", "fieldValidation=Strict", "fieldValidation=Ignore", "dryRun=All"];

const withoutNulls = (value: object): Json =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null));

/** `length` calls, the same for the same seed. `ns` is put in where a call names the custom resource's group. */
export function randomCalls(seed: number, length: number, ns: string): Call[] {
  const next = numbers(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  const chance = (of: number) => next() < of;
  const chosen = [pick(subjects), pick(subjects)];
  const name = () => (chance(0.06) ? (names[2] as string) : pick(names.slice(0, 2)));
  const metadata = (of: string) => ({
    name: of,
    ...(chance(0.3) && { labels: pick(labels) }),
    ...(chance(0.1) && { annotations: pick(annotations) }),
    ...(chance(0.12) && { finalizers: pick(finalizers) }),
  });
  const object = (subject: Subject, of: string): Json => {
    const result = {
      apiVersion: subject.apiVersion(ns),
      kind: subject.kind,
      metadata: metadata(of),
      ...structuredClone(subject.base),
    };
    if (chance(0.6)) {
      const part = pick(Object.keys(subject.parts));
      result[part] = pick(subject.parts[part] as readonly Json[]);
    }
    return result;
  };
  const withQuery = (path: string, ...queries: string[]) => {
    const query = queries.filter((one) => one !== "").join("&");
    return query ? `${path}?${query}` : path;
  };
  const one = (): Call => {
    const subject = pick(chosen);
    const of = name();
    const path = `${subject.plural}/${of.replace(" ", "%20")}`;
    const kind = next();
    if (kind < 0.28) return { method: "POST", path: withQuery(subject.plural, pick(modes)), body: object(subject, of) };
    if (kind < 0.36) return { method: "GET", path };
    if (kind < 0.42) return { method: "GET", path: withQuery(subject.plural, pick(selectors), pick(pages)) };
    if (kind < 0.54)
      return { method: "PUT", path: withQuery(path, pick(modes)), body: object(subject, chance(0.05) ? "b" : of) };
    if (kind < 0.56)
      return {
        method: "DELETE",
        path: withQuery(subject.plural, pick(["labelSelector=x%3D1", "labelSelector=x%3D2", "dryRun=All"])),
      };
    if (kind < 0.64)
      return {
        method: "DELETE",
        path: withQuery(path, pick(["", "", "", "dryRun=All", "propagationPolicy=Sideways"])),
        ...(chance(0.3) && {
          body: pick([
            { propagationPolicy: "Background" },
            { gracePeriodSeconds: 0 },
            { propagationPolicy: subject.collectedLate ? "Background" : "Foreground" },
            { preconditions: { resourceVersion: "1" } },
            { preconditions: { uid: "00000000-0000-4000-8000-000000000000" } },
            { propagationPolicy: subject.collectedLate ? "Background" : "Orphan" },
            { orphanDependents: true, propagationPolicy: "Orphan" },
          ] as Json[]),
        }),
      };
    const part = pick(Object.keys(subject.parts));
    const value = pick(subject.parts[part] as readonly Json[]);
    const sub = subject.subresources.length > 0 && chance(0.2) ? `/${pick(subject.subresources)}` : "";
    const chosenType = pick(["merge", "strategic", "json", "apply", "apply"] as const);
    const type = chosenType === "apply" && sub === "/status" && subject.statusCreates ? "merge" : chosenType;
    const target = withQuery(path + sub, pick(modes));
    if (sub === "/scale")
      return { method: "PATCH", path: target, type: "merge", body: { spec: { replicas: pick([0, 0, -1, "2"]) } } };
    if (type === "json") {
      const picked = pick(["add", "replace", "remove", "test"]);
      const operation = picked === "remove" && subject.partsStay ? "replace" : picked;
      return {
        method: "PATCH",
        path: target,
        type,
        body: [
          {
            op: operation,
            path: chance(0.3) ? pick(["/metadata/labels", "/metadata/labels/x", "/metadata/finalizers/-"]) : `/${part}`,
            ...(operation !== "remove" && { value }),
          },
          ...(chance(0.2) ? [{ op: pick(["copy", "move"]), from: `/${part}`, path: `/${part}` }] : []),
        ],
      };
    }
    if (type === "apply")
      return {
        method: "PATCH",
        path: withQuery(target, `fieldManager=${pick(["one", "two"])}`, pick(["", "", "force=true"])).replace(
          /\?(.*)\?/,
          "?$1&",
        ),
        type,
        body: {
          apiVersion: subject.apiVersion(ns),
          kind: subject.kind,
          metadata: subject.keepsNulls ? withoutNulls(metadata(of)) : metadata(of),
          ...(chance(0.8) && { [part]: value }),
        },
      };
    return {
      method: "PATCH",
      path: target,
      type,
      body: {
        ...(chance(0.3) && {
          metadata: pick([{ labels: pick(labels) }, { annotations: pick(annotations) }] as Json[]),
        }),
        ...(chance(0.8) && { [part]: value }),
      },
    };
  };
  return Array.from({ length }, one);
}
