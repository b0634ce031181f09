import type { Instant } from "./clock.ts";

/** client-go's defaults (`tools/record/events_cache.go`, 0.35). */
const mostKeys = 4096;
const similarBeforeCombining = 10;
const similarWithinMs = 600_000;
const spamBurst = 25;
const spamRefillMs = 300_000;

export interface CorrelatedEvent {
  /** What a repeat of this event has in common with it. */
  readonly key: string;
  readonly message: string;
  /** How often it has happened; above 1 the written Event is patched. */
  readonly count: number;
}

export interface EventSubject {
  /** The object and who reports on it. */
  readonly subject: string;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/**
 * Decides what becomes of an event: written, counted on an earlier one, combined with similar ones (10 and more that
 * differ by message only, each within 10 minutes of the last), or dropped (25 at once for one object and type, then one
 * per 5 minutes).
 */
export class EventCorrelator {
  readonly #similar = new RecentMap<{ messages: Set<string>; lastAt: Instant }>(mostKeys);
  readonly #counts = new RecentMap<number>(mostKeys);
  readonly #tokens = new RecentMap<{ left: number; at: Instant }>(mostKeys);

  /** @returns undefined for an event to drop */
  correlate(event: EventSubject, now: Instant): CorrelatedEvent | undefined {
    const { key, message } = this.#combine(event, now);
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return this.#isSpam(`${event.subject}\0${event.type}`, now) ? undefined : { key, message, count };
  }

  /** The written Event of this key is gone: the next one is written anew. */
  restart(key: string): void {
    this.#counts.set(key, 1);
  }

  #combine({ subject, type, reason, message }: EventSubject, now: Instant): { key: string; message: string } {
    const group = `${subject}\0${type}\0${reason}`;
    let similar = this.#similar.get(group);
    if (!similar || now - similar.lastAt > similarWithinMs) similar = { messages: new Set(), lastAt: now };
    similar.messages.add(message);
    similar.lastAt = now;
    this.#similar.set(group, similar);
    if (similar.messages.size < similarBeforeCombining) return { key: `${group}\0${message}`, message };
    for (const oldest of similar.messages) {
      similar.messages.delete(oldest);
      break;
    }
    return { key: group, message: `(combined from similar events): ${message}` };
  }

  #isSpam(key: string, now: Instant): boolean {
    const bucket = this.#tokens.get(key) ?? { left: spamBurst, at: now };
    const left = Math.min(spamBurst, bucket.left + (now - bucket.at) / spamRefillMs);
    const spam = left < 1;
    this.#tokens.set(key, { left: spam ? left : left - 1, at: now });
    return spam;
  }
}

/** A map that forgets what was not used for longest. */
export class RecentMap<V> {
  readonly #most: number;
  readonly #values = new Map<string, V>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): V | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.#most) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      break;
    }
  }
}
