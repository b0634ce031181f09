import { type PodTemplateSpec, stableJson } from "@bellows/api";

/** The letters that hashes in names are written with (apimachinery `rand.SafeEncodeString`). */
const safeAlphabet = "bcdfghjklmnpqrstvwxz2456789";

/** A short name for a pod template: 32 bits of FNV-1a over its JSON and the count of collisions so far, in safe letters. */
export function templateHash(template: unknown, collisionCount: number | undefined): string {
  let hash = 0x811c9dc5;
  const text = stableJson(template) + (collisionCount === undefined ? "" : String(collisionCount));
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return safeText(String(hash));
}

export const safeText = (text: string): string =>
  Array.from(text, (letter) => safeAlphabet[letter.charCodeAt(0) % safeAlphabet.length]).join("");

/** Whether two templates make the same pods; labels in `ignoring` (the hash itself) do not count. */
export function sameTemplate(a: PodTemplateSpec, b: PodTemplateSpec, ignoring: string): boolean {
  return stableJson(comparable(a, ignoring)) === stableJson(comparable(b, ignoring));
}

function comparable({ metadata, spec }: PodTemplateSpec, ignoring: string) {
  const { [ignoring]: _, ...labels } = metadata?.labels ?? {};
  return { labels, annotations: metadata?.annotations ?? {}, spec };
}
