import { isIp, withoutLeadingZeros } from "./formats.ts";

/** `10.9.8.0/24`, of either family. */
export function cidrProblems(value: string): readonly string[] {
  return rangeOf(value) ? [] : ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"];
}

/** Whether one range of addresses lies within another, and is smaller. */
export function isStrictlyWithin(inner: string, outer: string): boolean {
  const [part, whole] = [rangeOf(inner), rangeOf(outer)];
  if (!part || !whole || part.width !== whole.width || whole.prefix >= part.prefix) return false;
  const rest = BigInt(whole.width - whole.prefix);
  return part.address >> rest === whole.address >> rest;
}

interface Range {
  readonly address: bigint;
  /** 32 or 128. */
  readonly width: number;
  readonly prefix: number;
}

function rangeOf(value: string): Range | undefined {
  const [given = "", prefix = "", ...more] = value.split("/");
  const address = withoutLeadingZeros(given);
  const width = address.includes(":") ? 128 : 32;
  if (more.length > 0 || !isIp(address) || !/^\d{1,3}$/.test(prefix) || Number(prefix) > width) return undefined;
  return {
    address: width === 32 ? fromParts(address.split("."), 8, 10) : ipv6(address),
    width,
    prefix: Number(prefix),
  };
}

function ipv6(address: string): bigint {
  // The one way in which URLs write it has no IPv4 part and at most one gap.
  const [head = "", tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split("::");
  const parts = (text: string | undefined) => (text ? text.split(":") : []);
  const [before, after] = [parts(head), parts(tail)];
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  return fromParts([...before, ...Array.from({ length: gap }, () => "0"), ...after], 16, 16);
}

const fromParts = (parts: readonly string[], bits: number, radix: number): bigint =>
  parts.reduce((sum, part) => (sum << BigInt(bits)) | BigInt(Number.parseInt(part, radix)), 0n);
