import { deepFreeze } from "./frozen.ts";

/** Gives one value for all that are the same. */
export type Share = <T extends object | string>(value: T) => T;

/** More different ones than this are not remembered all: some are then kept twice. */
const mostShared = 50_000;

/** For projections: labels and requests, say, are the same for thousands of pods. What is handed out is frozen. */
export function sharing(): Share {
  const known = new Map<string, unknown>();
  return <T extends object | string>(value: T): T => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const before = known.get(text);
    if (before !== undefined) return before as T;
    if (known.size >= mostShared) known.clear();
    // Not the value itself: it may be part of a whole page of a list.
    const copy = typeof value === "string" ? value : deepFreeze(JSON.parse(text) as T);
    known.set(text, copy);
    return copy;
  };
}

/** Longer texts are seldom the same, and what tells objects apart never is. */
const longestShared = 100;
const tellingApart: ReadonlySet<string> = new Set(["name", "uid", "resourceVersion"]);

/**
 * For projections: an object whose texts are kept once for all that have the same, and its conditions whole, where they
 * have no time. What is handed out is frozen.
 */
export function withSharedTexts<T>(value: T, share: Share): T {
  if (typeof value === "string") return value.length > longestShared ? value : share(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((each) => withSharedTexts(each, share))) as T;
  // A copy is as large as what it holds; an object that grows part by part keeps room for more.
  const shared = { ...value } as Record<string, unknown>;
  for (const key in shared) {
    const part = shared[key];
    if (tellingApart.has(key)) continue;
    if (key === "conditions" && Array.isArray(part)) shared[key] = sharedConditions(part, share);
    else shared[key] = withSharedTexts(part, share);
  }
  return Object.freeze(shared) as T;
}

const sharedConditions = (conditions: readonly object[], share: Share): readonly object[] =>
  Object.freeze(
    conditions.map((condition) =>
      "lastTransitionTime" in condition ? withSharedTexts(condition, share) : share(condition),
    ),
  );
