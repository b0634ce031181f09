import { type Instant, keyText, type ObjectKey } from "@bellows/kube";
import type { PollingLevel } from "../engine/adaptive-polling.ts";

/** Readings of one ScaledJob that go on from poll to poll. */
export interface JobLoop {
  readonly uid: string;
  readonly generation: number;
  /** When to read again. */
  dueAt: Instant;
  readAt: Instant;
  /** How often it is read, where that goes by the queues. */
  pollingLevel?: PollingLevel | undefined;
  /** How many Jobs each trigger asked for in the last poll; undefined where one could not be read. */
  lastJobs?: readonly number[] | undefined;
  /** A source has pushed since the last reading began. */
  isPushed: boolean;
  isListening: boolean;
  /** Aborts when the loop ends. */
  readonly ending: AbortController;
}

/**
 * Which ScaledJobs are to be read. The controller of the objects starts and stops the loops, that of their Jobs runs
 * them; as both live in one process, nothing of it is in the cluster.
 */
export class JobLoops {
  readonly #loops = new Map<string, JobLoop>();
  readonly #waiting: ObjectKey[] = [];
  #wake: ((key: ObjectKey) => void) | undefined;

  /** Called for each loop that is to be looked at. */
  onWake(wake: (key: ObjectKey) => void): void {
    this.#wake = wake;
    for (const key of this.#waiting.splice(0)) wake(key);
  }

  get(key: ObjectKey): JobLoop | undefined {
    return this.#loops.get(keyText(key));
  }

  /** Starts the loop of an object, anew where its spec has changed. Tells whether there was none before. */
  start(key: ObjectKey, uid: string, generation: number): boolean {
    const before = this.get(key);
    before?.ending.abort();
    const never = Number.NEGATIVE_INFINITY;
    const ending = new AbortController();
    this.#loops.set(keyText(key), {
      uid,
      generation,
      dueAt: never,
      readAt: never,
      isPushed: false,
      isListening: false,
      ending,
    });
    this.wake(key);
    return before === undefined;
  }

  /** Tells whether there was one. */
  stop(key: ObjectKey): boolean {
    this.get(key)?.ending.abort();
    return this.#loops.delete(keyText(key));
  }

  wake(key: ObjectKey): void {
    if (this.#wake) this.#wake(key);
    else this.#waiting.push(key);
  }
}
