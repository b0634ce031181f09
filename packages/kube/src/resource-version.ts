/**
 * Orders two resource versions: below 0 where `a` is older. They are decimal numbers without leading zeros (KEP-5504,
 * Kubernetes 1.35) that may exceed 2^53, so they are compared as text: the longer is later. "" is before all.
 */
export function compareResourceVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
