import { sleep } from "@bellows/kube";
import type { Opening } from "./define-trigger.ts";
import type { PushHandler, Reading } from "./trigger.ts";

/** Between two readings that changes have caused: a burst of them is one reading. */
const pauseMs = 200;
/** A source that is slow to read spends no more than a fifth of its time on us. */
const pausePerReading = 4;

/**
 * What to call when a source has told that something changed: it is read at once, and the reading is pushed. However
 * many changes come while it is read, they lead to one more reading, after a pause.
 */
export function pushedReadings(
  read: (signal: AbortSignal) => Promise<Reading>,
  handler: PushHandler,
  { clock, log, config }: Pick<Opening, "clock" | "log" | "config">,
  signal: AbortSignal,
): () => void {
  let running = false;
  let changed = false;
  const follow = async () => {
    while (changed && !signal.aborted) {
      changed = false;
      const began = clock.now();
      const { active, values } = await read(signal);
      if (!signal.aborted) handler.push({ active, values });
      await sleep(clock, Math.max(pauseMs, pausePerReading * (clock.now() - began)), signal);
    }
  };
  return () => {
    changed = true;
    if (running) return;
    running = true;
    follow()
      .catch((error: unknown) => {
        if (!signal.aborted)
          log.warn("reading after a change", { trigger: config.type, error: (error as Error).message });
      })
      .finally(() => {
        running = false;
      });
  };
}
