import { DecodeFailure } from "./decode-failure.ts";

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;
const layout = "2006-01-02T15:04:05Z07:00";
const microLayout = "2006-01-02T15:04:05.000000Z07:00";

/**
 * A meta/v1 Time as the API server keeps it: in UTC, whole seconds (fractions are cut).
 * @throws DecodeFailure in the wording of Go's time.Parse
 */
export function canonicalTime(text: string): string {
  if (text.length === 20 && text.endsWith("Z") && rfc3339.test(text) && !Number.isNaN(Date.parse(text))) return text;
  return `${instantOf(text, layout).toISOString().slice(0, 19)}Z`;
}

/** A meta/v1 MicroTime: in UTC with six digits. */
export function canonicalMicroTime(text: string): string {
  const fraction = rfc3339.exec(text)?.[7];
  if (fraction !== undefined && fraction.length !== 6)
    throw new DecodeFailure(`parsing time "${text}" as "${microLayout}": cannot parse ".${fraction}Z" as ".000000"`);
  const seconds = instantOf(text, microLayout).toISOString().slice(0, 19);
  if (fraction === undefined)
    throw new DecodeFailure(`parsing time "${text}" as "${microLayout}": cannot parse "Z" as ".000000"`);
  return `${seconds}.${fraction}Z`;
}

function instantOf(text: string, as: string): Date {
  const parts = rfc3339.exec(text);
  const instant = parts ? new Date(Date.parse(text.replace(",", "."))) : undefined;
  if (instant && !Number.isNaN(instant.getTime())) return instant;
  if (parts) throw new DecodeFailure(`parsing time "${text}": ${outOfRange(parts)}`);
  throw new DecodeFailure(`parsing time "${text}" as "${as}": ${complaint(text)}`);
}

function outOfRange(parts: RegExpExecArray): string {
  const [month = 0, , hour = 0, minute = 0, second = 0] = parts.slice(2, 7).map(Number);
  if (month === 0 || month > 12) return "month out of range";
  if (hour > 23) return "hour out of range";
  if (minute > 59) return "minute out of range";
  return second > 59 ? "second out of range" : "day out of range";
}

/** Which element of the layout the text broke off at. */
function complaint(text: string): string {
  const elements: [RegExp, string][] = [
    [/^\d{4}/, "2006"],
    [/^-/, "-"],
    [/^\d{2}/, "01"],
    [/^-/, "-"],
    [/^\d{2}/, "02"],
    [/^T/, "T"],
    [/^\d{2}/, "15"],
    [/^:/, ":"],
    [/^\d{2}/, "04"],
    [/^:/, ":"],
    [/^\d{2}/, "05"],
    [/^(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})/, "Z07:00"],
  ];
  let rest = text;
  for (const [pattern, element] of elements) {
    const match = pattern.exec(rest);
    if (!match) return `cannot parse "${rest}" as "${element}"`;
    rest = rest.slice(match[0].length);
  }
  return `extra text: "${rest}"`;
}
