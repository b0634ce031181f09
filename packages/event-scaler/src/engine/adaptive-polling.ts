import { durationMs, durationProblem, type KubernetesObject } from "@bellows/api";

/** Asks for polls that come sooner and later as the metrics go: `5s..2m`, the shortest and the longest interval. */
export const adaptivePollingAnnotation = "event-scaler.bellows.dev/adaptive-polling";

/** Between which lengths an interval is chosen. */
export interface PollingBounds {
  readonly shortestMs: number;
  readonly longestMs: number;
}

/**
 * How often the shortest interval is doubled. Intervals are such multiples, so that an object keeps its own offset within
 * them all, and polls of many objects stay spread.
 */
export type PollingLevel = number;

/** What one metric came to in a poll. */
export interface PolledMetric {
  /** Undefined where it could not be read. */
  readonly value: number | undefined;
  /** In the poll before. */
  readonly before: number | undefined;
  /** How much one replica is for; 0 where that is not known. */
  readonly target: number;
  readonly active: boolean;
}

/** As the HPA's tolerance: less leads to no other number of replicas. */
const noticeable = 0.1;

const leastMs = 1_000;
const mostMs = 86_400_000;

/** The bounds that an object asks for; undefined where it asks for none, or for what can't be. */
export function pollingBoundsOf(object: KubernetesObject): PollingBounds | undefined {
  const text = object.metadata.annotations?.[adaptivePollingAnnotation];
  return text === undefined || boundsProblem(text) !== undefined ? undefined : boundsIn(text);
}

/** What is wrong with the annotation that asks for adaptive polling. */
export function adaptivePollingProblem(object: KubernetesObject): string | undefined {
  const text = object.metadata.annotations?.[adaptivePollingAnnotation];
  const problem = text === undefined ? undefined : boundsProblem(text);
  return (
    problem && `metadata.annotations[${adaptivePollingAnnotation}]: ${JSON.stringify(text?.slice(0, 63))}, ${problem}`
  );
}

/** The length of the intervals of a level. */
export const intervalOfLevel = ({ shortestMs }: PollingBounds, level: PollingLevel): number => shortestMs * 2 ** level;

/** The level whose intervals are the longest that are no longer than `intervalMs`, within the bounds. */
export function levelOfInterval({ shortestMs, longestMs }: PollingBounds, intervalMs: number): PollingLevel {
  return Math.max(0, Math.floor(Math.log2(Math.min(intervalMs, longestMs) / shortestMs)));
}

/**
 * How long it is from one poll to the next.
 * @param level  undefined before the first poll
 * @param ordinaryMs  the interval that the object has otherwise
 */
export function currentInterval(
  bounds: PollingBounds | undefined,
  level: PollingLevel | undefined,
  ordinaryMs: number,
): number {
  if (!bounds) return ordinaryMs;
  return intervalOfLevel(bounds, level ?? levelOfInterval(bounds, ordinaryMs));
}

/**
 * The level after a poll:
 * - a metric that could not be read: that of the interval that the object has otherwise, as the source is to be spared,
 *   but its return seen;
 * - one that grows towards its activation, or that has changed by a replica's worth: the shortest intervals;
 * - one that has changed noticeably: half as long;
 * - nothing of the kind: twice as long, up to the bound.
 * @param before  undefined before the first poll; of other bounds it is brought within these
 * @param ordinaryMs  the interval that the object has otherwise
 */
export function nextPollingLevel(
  bounds: PollingBounds,
  before: PollingLevel | undefined,
  ordinaryMs: number,
  metrics: readonly PolledMetric[],
): PollingLevel {
  const most = levelOfInterval(bounds, bounds.longestMs);
  const level = Math.min(before ?? levelOfInterval(bounds, ordinaryMs), most);
  if (metrics.some(({ value }) => value === undefined)) return levelOfInterval(bounds, ordinaryMs);
  const known = metrics.filter(({ before }) => before !== undefined);
  if (known.length === 0) return level;
  if (known.some((metric) => isApproaching(metric) || changeOf(metric) >= 1)) return 0;
  if (known.some((metric) => changeOf(metric) >= noticeable)) return Math.max(0, level - 1);
  return Math.min(level + 1, most);
}

/** It is not enough yet, and more than before. */
const isApproaching = ({ value = 0, before = 0, active }: PolledMetric): boolean => !active && value > before;

/** In replicas. */
function changeOf({ value = 0, before = 0, target }: PolledMetric): number {
  const change = Math.abs(value - before);
  if (change === 0) return 0;
  return target > 0 ? change / target : 1;
}

function boundsProblem(text: string): string | undefined {
  const expected = "expected two durations of 1s to 24h, the shortest first, such as 5s..2m";
  const parts = text.split("..");
  if (parts.length !== 2 || parts.some((part) => durationProblem(part) !== undefined)) return expected;
  const { shortestMs, longestMs } = boundsIn(text);
  return shortestMs >= leastMs && longestMs <= mostMs && shortestMs <= longestMs ? undefined : expected;
}

function boundsIn(text: string): PollingBounds {
  const [shortest = "", longest = ""] = text.split("..");
  return { shortestMs: durationMs(shortest), longestMs: durationMs(longest) };
}
