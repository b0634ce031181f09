/**
 * The JSON of a value with undefined fields left out and the keys of objects in one order: whole numbers first, then by
 * code units. Equal values give equal texts, however they were built.
 */
export function stableJson(value: unknown): string {
  return JSON.stringify(withOrderedKeys(value)) ?? "null";
}

function withOrderedKeys(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
    return withOrderedKeys((value as { toJSON(): unknown }).toJSON());
  }
  if (Array.isArray(value)) return value.map(withOrderedKeys);
  const fields = value as Record<string, unknown>;
  const ordered: Record<string, unknown> = {};
  for (const key of Object.keys(fields).sort()) {
    const field = withOrderedKeys(fields[key]);
    // Assigned, it would be the prototype.
    if (key === "__proto__") Object.defineProperty(ordered, key, { value: field, enumerable: true });
    else ordered[key] = field;
  }
  return ordered;
}

const fnvOffset = 0xcbf29ce484222325n;
const fnvPrime = 0x100000001b3n;

/** 64 bits of FNV-1a over the {@link stableJson} of a value, as 16 hexadecimal digits. For identity, not for secrecy. */
export function stableHash(value: unknown): string {
  const bytes = new TextEncoder().encode(stableJson(value));
  // Two 32-bit halves in plain numbers: the same result as the 64-bit product, without a BigInt per byte.
  let high = Number(fnvOffset >> 32n);
  let low = Number(fnvOffset & 0xffffffffn);
  const primeLow = Number(fnvPrime & 0xffffffffn);
  const primeHigh = Number(fnvPrime >> 32n);
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    const product = low * primeLow;
    const carry = Math.floor(product / 0x100000000);
    high = (Math.imul(high, primeLow) + Math.imul(low, primeHigh) + carry) >>> 0;
    low = product >>> 0;
  }
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}
