import { type Recommendation, remember } from "./history.ts";

export interface Stabilized {
  readonly replicas: number;
  readonly reason: "ScaleUpStabilized" | "ScaleDownStabilized" | "ReadyForNewScale";
  readonly message: string;
  readonly recommendations: readonly Recommendation[];
}

const messages = {
  ScaleUpStabilized: "recent recommendations were lower than current one, applying the lowest recent recommendation",
  ScaleDownStabilized:
    "recent recommendations were higher than current one, applying the highest recent recommendation",
  ReadyForNewScale: "recommended size matches current size",
} as const;

const stabilized = (
  reason: Stabilized["reason"],
  replicas: number,
  recommendations: readonly Recommendation[],
): Stabilized => ({ replicas, reason, message: messages[reason], recommendations });

/**
 * Without a behavior: down no further than the highest recommendation of the window [now - windowMs, now].
 * Source: `stabilizeRecommendation`.
 */
export function stabilizeDown(
  desired: number,
  recommendations: readonly Recommendation[],
  windowMs: number,
  now: number,
): Stabilized {
  const since = now - windowMs;
  const replicas = Math.max(desired, ...recommendations.filter((r) => r.at >= since).map((r) => r.replicas));
  const kept = remember(recommendations, { replicas: desired, at: now }, (r) => r.at < since);
  return stabilized(replicas === desired ? "ReadyForNewScale" : "ScaleDownStabilized", replicas, kept);
}

/**
 * With a behavior: moves `current` towards `desired` no further than recent recommendations agree: up to the lowest of
 * the up window, down to the highest of the down window. Both windows are (now - ms, now]; 0 ms means no memory.
 * Source: `stabilizeRecommendationWithBehaviors`.
 */
export function stabilize(
  desired: number,
  current: number,
  recommendations: readonly Recommendation[],
  window: { readonly upMs: number; readonly downMs: number },
  now: number,
): Stabilized {
  const since = (ms: number) => recommendations.filter((r) => r.at > now - ms).map((r) => r.replicas);
  const floor = Math.min(desired, ...since(window.upMs));
  const ceiling = Math.max(desired, ...since(window.downMs));
  const replicas = Math.min(Math.max(current, floor), ceiling);
  const oldest = now - Math.max(window.upMs, window.downMs);
  const kept = remember(recommendations, { replicas: desired, at: now }, (r) => r.at < oldest);
  if (replicas === desired) return stabilized("ReadyForNewScale", replicas, kept);
  return stabilized(desired >= current ? "ScaleUpStabilized" : "ScaleDownStabilized", replicas, kept);
}
