/** The beginning of a body as messages show it: text where it looks like JSON, else in hexadecimal. */
export function bodySummary(bytes: Buffer): string {
  if (bytes.length === 0) return "<empty>";
  const shown = bytes.subarray(0, 30).toString(bytes[0] === 0x7b ? "utf8" : "hex");
  return bytes.length > 30 ? `${shown} ...` : shown;
}
