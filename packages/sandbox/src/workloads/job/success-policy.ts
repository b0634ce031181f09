import type { Job } from "@bellows/api";
import { parseIndexes } from "./indexes.ts";

/** The first rule of a Job's successPolicy that its completed indexes satisfy, as its message tells it (1.35). */
export function metSuccessRule({ spec }: Job, completed: ReadonlySet<number>): string | undefined {
  if (completed.size === 0) return undefined;
  for (const [position, { succeededIndexes, succeededCount }] of (spec?.successPolicy?.rules ?? []).entries()) {
    const required = parseIndexes(succeededIndexes, spec?.completions ?? 0);
    // A rule whose indexes are out of range asks for nothing that could be met.
    if (succeededIndexes !== undefined && required.size === 0) continue;
    const counted =
      succeededIndexes === undefined ? completed : new Set([...required].filter((index) => completed.has(index)));
    const all = succeededIndexes !== undefined && counted.size === required.size;
    if (all || (succeededCount !== undefined && counted.size >= succeededCount))
      return `Matched rules at index ${position}`;
  }
  return undefined;
}
