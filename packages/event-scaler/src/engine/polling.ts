import { stableHash } from "@bellows/api";
import type { Instant } from "@bellows/kube";

const defaultIntervalMs = 30_000;
/** As kube-controller-manager syncs an HPA, and so asks for its metrics: windows and paces are made for it. */
export const hpaSyncPeriodMs = 15_000;

/** The interval between two readings of an object. */
export const pollingIntervalMs = (pollingIntervalSeconds: number | undefined): number =>
  pollingIntervalSeconds === undefined ? defaultIntervalMs : pollingIntervalSeconds * 1000;

/**
 * The next reading of an object at or after `now`, so that thousands of objects that start together don't all read at
 * once: each has its own offset within the interval.
 */
export function nextPollAt(key: string, intervalMs: number, now: Instant): Instant {
  const offset = Number.parseInt(stableHash(key).slice(0, 8), 16) % intervalMs;
  const passed = Math.floor((now - offset) / intervalMs);
  const slot = passed * intervalMs + offset;
  return slot >= now ? slot : slot + intervalMs;
}
