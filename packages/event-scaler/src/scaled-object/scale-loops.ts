import { type History, noHistory } from "@bellows/hpa/engine";
import { type Instant, keyText, type ObjectKey } from "@bellows/kube";
import type { Push } from "@bellows/triggers";
import { fullPace, type PollingLevel, type PushPace } from "../engine/index.ts";
import { FailurePace } from "./failure-pace.ts";
import type { MetricResult } from "./read-metrics.ts";

/** Readings of one ScaledObject that go on from poll to poll. */
export interface ScaleLoop {
  readonly uid: string;
  readonly generation: number;
  /** When to read all triggers again. */
  dueAt: Instant;
  /** How often, where that goes by the metrics. */
  pollingLevel?: PollingLevel | undefined;
  /** What sources said by themselves since that was last acted on, by the place of the trigger. */
  pushed: Map<number, Push> | undefined;
  pushPace: PushPace;
  /** What was read last of each metric. */
  lastResults: readonly MetricResult[];
  readonly failurePace: FailurePace;
  /** Until when triggers that want to be polled only are not read again. */
  cachedUntil: Instant;
  /** What the direct engine remembers; a new spec doesn't change what was. */
  history: History;
  /** What was last told of the direct engine's decisions. */
  explained: string;
  isListening: boolean;
  /** Aborts when the loop ends, for those that listen to its sources. */
  ending: AbortController | undefined;
}

/** What was read last of one metric. There are a few of an object: a list is looked through. */
export const resultOf = (results: readonly MetricResult[], metricName: string): MetricResult | undefined =>
  results.find((result) => result.metricName === metricName);

/**
 * Which ScaledObjects are to be read. The controller of the objects starts and stops the loops, the one of their scale
 * runs them; as both live in one process, nothing of it is in the cluster.
 */
export class ScaleLoops {
  readonly #loops = new Map<string, ScaleLoop>();
  #wakeScaling: ((key: ObjectKey) => void) | undefined;
  #wakeObject: ((key: ObjectKey) => void) | undefined;
  readonly #waiting: ObjectKey[] = [];

  /** Called with each loop that is to be looked at. */
  onScaling(wake: (key: ObjectKey) => void): void {
    this.#wakeScaling = wake;
    for (const key of this.#waiting.splice(0)) wake(key);
  }

  /** Called with each object whose sources want to be compared in another way. */
  onObject(wake: (key: ObjectKey) => void): void {
    this.#wakeObject = wake;
  }

  get(key: ObjectKey): ScaleLoop | undefined {
    return this.#loops.get(keyText(key));
  }

  /** Starts the loop of an object, anew where its spec has changed. Tells whether there was none before. */
  start(key: ObjectKey, uid: string, generation: number): boolean {
    const before = this.get(key);
    before?.ending?.abort();
    this.#loops.set(keyText(key), {
      uid,
      generation,
      dueAt: Number.NEGATIVE_INFINITY,
      pushed: undefined,
      pushPace: fullPace,
      lastResults: [],
      failurePace: before?.failurePace ?? new FailurePace(),
      cachedUntil: Number.NEGATIVE_INFINITY,
      history: before?.history ?? noHistory,
      explained: "",
      isListening: false,
      ending: undefined,
    });
    this.wakeScaling(key);
    return before === undefined;
  }

  /** Tells whether there was one. */
  stop(key: ObjectKey): boolean {
    this.get(key)?.ending?.abort();
    return this.#loops.delete(keyText(key));
  }

  /** Lets all triggers of an object be read now rather than when they are due. */
  readSoon(key: ObjectKey): void {
    const loop = this.get(key);
    if (!loop) return;
    loop.dueAt = Number.NEGATIVE_INFINITY;
    this.wakeScaling(key);
  }

  wakeScaling(key: ObjectKey): void {
    if (this.#wakeScaling) this.#wakeScaling(key);
    else this.#waiting.push(key);
  }

  wakeObject(key: ObjectKey): void {
    this.#wakeObject?.(key);
  }
}
