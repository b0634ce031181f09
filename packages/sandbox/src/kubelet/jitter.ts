/**
 * A number in [0, 1) that depends on `text` alone. The kubelets take their chance from here (a pod's uid and what it is
 * for) and not from one sequence, so that a run does not change because something unrelated happened first.
 */
export function fractionOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** `length` hexadecimal digits that depend on `text` alone. */
export function hexOf(text: string, length: number): string {
  let digits = "";
  for (let part = 0; digits.length < length; part++) {
    digits += Math.floor(fractionOf(`${text}#${part}`) * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  }
  return digits.slice(0, length);
}

/** A range of milliseconds: what a step of the world takes. */
export interface MsRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A duration in the range, by `text`. Whole milliseconds. */
export const msIn = (range: MsRange, text: string): number =>
  Math.round(range.fromMs + (range.toMs - range.fromMs) * fractionOf(text));
