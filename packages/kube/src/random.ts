import { randomFillSync } from "node:crypto";

/** The source of chance, part of the clock seam: seeded in the simulator, the system's elsewhere. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

export const systemRandom: Random = {
  next() {
    // A call costs the same for one word as for many: a new object's uid alone takes 31.
    if (nextWord === words.length) {
      randomFillSync(words);
      nextWord = 0;
    }
    return (words[nextWord++] as number) / 2 ** 32;
  },
};

const words = new Uint32Array(1024);
let nextWord = words.length;

/** Deterministic: the same seed gives the same sequence (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

/** An integer in [0, below). */
export const randomInteger = (random: Random, below: number): number => Math.floor(random.next() * below);

/** The alphabet of generated names, without vowels and look-alikes (apimachinery `util/rand`). */
const nameAlphabet = "bcdfghjklmnpqrstvwxz2456789";

/** The suffix that `generateName` gets: `length` characters of Kubernetes' safe alphabet. */
export function randomSuffix(random: Random, length = 5): string {
  return Array.from({ length }, () => nameAlphabet[randomInteger(random, nameAlphabet.length)]).join("");
}

/** `length` lower-case hexadecimal digits. */
export function randomHex(random: Random, length: number): string {
  return Array.from({ length }, () => randomInteger(random, 16).toString(16)).join("");
}

/** A version 4 UUID. */
export function randomUuid(random: Random): string {
  const hex = randomHex(random, 30);
  const variant = "89ab"[randomInteger(random, 4)];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-${variant}${hex.slice(15, 18)}-${hex.slice(18)}`;
}
