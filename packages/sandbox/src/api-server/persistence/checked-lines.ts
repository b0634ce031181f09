import { crc32 } from "node:zlib";

/** A value as one line: the CRC-32 of its JSON in eight hexadecimal digits, a space, the JSON. */
export function checkedLine(value: unknown): string {
  const json = JSON.stringify(value);
  return `${checksum(json)} ${json}\n`;
}

const checksum = (json: string | Uint8Array): string => crc32(json).toString(16).padStart(8, "0");

export type ReadLine =
  | { readonly line: number; readonly value: unknown }
  /** What was found instead of a line that could be read. */
  | { readonly line: number; readonly problem: string; readonly torn: boolean };

const newline = 0x0a;

/**
 * The lines of a file, from 1. The last one is `torn` where it is not a whole line: what a crash in the middle of
 * writing leaves.
 */
export function* readLines(bytes: Buffer): Generator<ReadLine> {
  let start = 0;
  for (let line = 1; start < bytes.length; line++) {
    const end = bytes.indexOf(newline, start);
    if (end < 0) {
      const found = bytes.length - start;
      yield {
        line,
        torn: true,
        problem: `the file ends within the line, after ${found} ${found === 1 ? "byte" : "bytes"}`,
      };
      return;
    }
    yield { line, ...parsed(bytes.subarray(start, end)) };
    start = end + 1;
  }
}

function parsed(bytes: Buffer): { value: unknown } | { problem: string; torn: boolean } {
  const json = bytes.subarray(9);
  const written = bytes.toString("latin1", 0, 8);
  if (bytes[8] !== 0x20 || !/^[0-9a-f]{8}$/.test(written))
    return {
      torn: false,
      problem: `found ${quoted(bytes)}, expected a checksum of eight hexadecimal digits, a space and JSON`,
    };
  const actual = checksum(json);
  if (actual !== written)
    return { torn: false, problem: `the text has the checksum ${actual}, written was ${written}: ${quoted(json)}` };
  return { value: JSON.parse(json.toString()) };
}

const quotedLength = 60;

const quoted = (bytes: Buffer): string =>
  JSON.stringify(bytes.toString("utf8", 0, quotedLength)) + (bytes.length > quotedLength ? "..." : "");
