import type { Clock } from "@bellows/kube";

/** Hands on the first value at once, and of those that come within `pauseMs` of one that was handed on only the last. */
export function paced<T>(
  tell: (value: T) => void,
  pauseMs: number,
  clock: Clock,
  signal: AbortSignal,
): (value: T) => void {
  let isPausing = false;
  let last: { readonly value: T } | undefined;
  const handOn = (value: T) => {
    isPausing = true;
    clock.after(pauseMs, () => {
      isPausing = false;
      if (!last || signal.aborted) return;
      const { value: next } = last;
      last = undefined;
      handOn(next);
    });
    tell(value);
  };
  return (value) => {
    if (isPausing) last = { value };
    else handOn(value);
  };
}
