import type { Instant } from "@bellows/kube";

/** What a push costs of the time that is saved up. */
const costMs = 1_000;
/** As much time is saved up at most: for pushes in a row that are acted on at once. */
const mostSavedMs = 5 * costMs;

/** How many pushes may be acted on at once, as known at an instant. */
export interface PushPace {
  readonly savedMs: number;
  readonly at: Instant;
}

export const fullPace: PushPace = { savedMs: mostSavedMs, at: Number.NEGATIVE_INFINITY };

/** From when on the next push may be acted on. */
export const pushAllowedAt = ({ savedMs, at }: PushPace): Instant => at + Math.max(0, costMs - savedMs);

/** The pace after a push was acted on: those that come now and then never wait, a flood becomes one a second. */
export const afterPush = ({ savedMs, at }: PushPace, now: Instant): PushPace => ({
  savedMs: Math.min(mostSavedMs, savedMs + now - at) - costMs,
  at: now,
});
