import { stableHash } from "./stable-hash.ts";

/** Names one decision, everywhere it shows: condition, Event, log line, metric, and the objects it caused. */
export type DecisionId = string;

/** The annotation that carries the id of the decision which caused an object or a change. */
export const decisionAnnotation = "bellows.dev/decision";

/** The annotation that carries the whole record of the last decision about an object, as JSON. */
export const decisionRecordAnnotation = "bellows.dev/decision-record";

/**
 * On a HorizontalPodAutoscaler: when a metric of it last got another value, as RFC 3339. Whoever serves the metric sets
 * it, so that a controller in another process looks at once.
 */
export const metricsChangedAnnotation = "bellows.dev/metrics-changed-at";

/** What a decision is about. */
export interface DecisionSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

/** A bound that moved the result. In the order applied. */
export interface Limit {
  readonly reason: string;
  readonly from: number | string;
  readonly to: number | string;
}

/** Everything about one decision: what was seen, what was computed, what limited it, what it costs. */
export interface Decision<Seen, Action> {
  /** Hash of subject, generation and what was seen: the same input gives the same id. */
  readonly id: DecisionId;
  readonly subject: DecisionSubject;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** The decisions that led to this one. */
  readonly causes: readonly DecisionId[];
  /** Each reading with its age and its source. */
  readonly seen: Seen;
  /** The steps in words: `cpu 312 % of 50 % over 2 pods -> 13`. */
  readonly computed: readonly string[];
  readonly limits: readonly Limit[];
  /** Undefined: leave as is. */
  readonly action: Action | undefined;
  /** The change in cost, signed. */
  readonly usdPerHour: number;
  /** When to decide again at the latest, in milliseconds since the Unix epoch. */
  readonly validUntil: number;
}

/**
 * The id of a decision: a hash of its subject (by kind, namespace, name and uid), the generation of the subject and
 * what was seen. Ten digits: short enough for an Event, and a clash within one subject's history is not to be expected.
 */
export function decisionId(subject: DecisionSubject, generation: number | undefined, seen: unknown): DecisionId {
  const { apiVersion, kind, namespace, name, uid } = subject;
  return stableHash([apiVersion, kind, namespace ?? "", name, uid ?? "", generation ?? 0, seen]).slice(0, 10);
}

/** A decision with its id, and with empty lists, no cost and no action unless given. */
export function decision<Seen, Action>(
  made: Omit<Decision<Seen, Action>, "id" | "causes" | "computed" | "limits" | "usdPerHour" | "action"> &
    Partial<Pick<Decision<Seen, Action>, "causes" | "computed" | "limits" | "usdPerHour" | "action">> & {
      readonly generation: number | undefined;
    },
): Decision<Seen, Action> {
  const { generation, subject, at, seen, validUntil } = made;
  return {
    id: decisionId(subject, generation, seen),
    subject,
    at,
    causes: made.causes ?? [],
    seen,
    computed: made.computed ?? [],
    limits: made.limits ?? [],
    action: made.action,
    usdPerHour: made.usdPerHour ?? 0,
    validUntil,
  };
}
