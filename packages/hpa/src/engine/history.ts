/** A recommendation before limits, and when it was made (milliseconds since the epoch). */
export interface Recommendation {
  readonly replicas: number;
  readonly at: number;
}

/** A change that was made: how many replicas came or went. Outdated ones are kept only to be overwritten. */
export interface ScaleEvent {
  readonly change: number;
  readonly at: number;
}

/** What the controller remembers of one autoscaler between syncs. Lost with the process; upstream's is, too. */
export interface History {
  readonly recommendations: readonly Recommendation[];
  readonly scaleUps: readonly ScaleEvent[];
  readonly scaleDowns: readonly ScaleEvent[];
}

export const noHistory: History = { recommendations: [], scaleUps: [], scaleDowns: [] };

/** The first sync takes the replicas it finds for a recommendation, so that a restart does not shrink at once. */
export function withInitialRecommendation(history: History, replicas: number, at: number): History {
  return history.recommendations.length > 0 ? history : { ...history, recommendations: [{ replicas, at }] };
}

/** Puts `item` in the place of the last one that is `outdated`, else at the end: the lists stay as long as a window is. */
export function remember<T>(items: readonly T[], item: T, outdated: (item: T) => boolean): readonly T[] {
  const place = items.findLastIndex(outdated);
  return place < 0 ? [...items, item] : items.with(place, item);
}

/**
 * The newest recommendation of each count. Windows end now and ask only for the least and the most in them, so the older
 * ones of the same count never matter: syncs at shorter intervals don't make the list longer.
 */
export function newestOfEachCount(recommendations: readonly Recommendation[]): readonly Recommendation[] {
  const newest = new Map<number, number>();
  for (const { replicas, at } of recommendations) newest.set(replicas, Math.max(at, newest.get(replicas) ?? at));
  return newest.size === recommendations.length
    ? recommendations
    : [...newest].map(([replicas, at]) => ({ replicas, at }));
}
