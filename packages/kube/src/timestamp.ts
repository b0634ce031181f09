import type { Instant } from "./clock.ts";

/** `2026-01-01T00:00:00Z`, meta/v1 Time: whole seconds, cut off. */
export const timestamp = (at: Instant): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** `2026-01-01T00:00:00.000000Z`, meta/v1 MicroTime. */
export const microTimestamp = (at: Instant): string => `${new Date(at).toISOString().slice(0, 23)}000Z`;

/** The instant of a Time or a MicroTime; undefined where the text is neither. */
export function parseTimestamp(text: string | undefined): Instant | undefined {
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
