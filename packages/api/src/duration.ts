/** A text that is no duration. The messages are those of Go's `time.ParseDuration`. */
export class DurationError extends Error {
  override readonly name = "DurationError";
}

const nanosPerUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const maxNanos = 2n ** 63n - 1n;
const nanosPerMs = 1_000_000;

/** What `metav1.Duration` holds (`1h30m`, `1.5s`, `300ms`, `-2m`, `0`) in milliseconds, fractions kept. */
export function durationMs(text: string): number {
  return Number(nanosOf(text)) / nanosPerMs;
}

/** Karpenter's NillableDuration: a duration, or `Never`, which is Infinity. In milliseconds. */
export function durationOrNeverMs(text: string): number {
  return text === "Never" ? Number.POSITIVE_INFINITY : durationMs(text);
}

/** The message that Go gives for a text that is no duration; undefined for one that is. */
export function durationProblem(text: string): string | undefined {
  try {
    nanosOf(text);
    return undefined;
  } catch (error) {
    if (error instanceof DurationError) return error.message;
    throw error;
  }
}

function nanosOf(text: string): bigint {
  const invalid = () => new DurationError(`time: invalid duration ${quoted(text)}`);
  const negative = text.startsWith("-");
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === "0") return 0n;
  if (rest === "") throw invalid();
  let total = 0n;
  while (rest !== "") {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest);
    const whole = number?.[1] ?? "";
    const fraction = number?.[2] ?? "";
    if (whole === "" && fraction === "") throw invalid();
    rest = rest.slice(number?.[0].length);
    const unit = /^[^.\d]*/.exec(rest)?.[0] ?? "";
    if (unit === "") throw new DurationError(`time: missing unit in duration ${quoted(text)}`);
    const nanos = nanosPerUnit[unit];
    if (nanos === undefined) {
      throw new DurationError(`time: unknown unit ${quoted(unit)} in duration ${quoted(text)}`);
    }
    rest = rest.slice(unit.length);
    total += BigInt(whole || "0") * nanos;
    // Go reads the fraction as a 63-bit number and cuts what is below a nanosecond.
    if (fraction !== "") total += (BigInt(fraction) * nanos) / 10n ** BigInt(fraction.length);
    if (total > maxNanos + (negative ? 1n : 0n)) throw invalid();
  }
  return negative ? -total : total;
}

/** As Go's time package quotes: bytes beyond ASCII in hexadecimal. */
function quoted(text: string): string {
  const escaped = text.replace(/["\\]|[^ -~]/gu, (character) =>
    character === '"' || character === "\\"
      ? `\\${character}`
      : [...new TextEncoder().encode(character)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
  );
  return `"${escaped}"`;
}

/** As Go prints it: `1h30m0s`, `1.5s`, `300ms`, `0s`. Infinity is Karpenter's `Never`. */
export function formatDuration(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return "Never";
  const nanos = BigInt(Math.round(Math.abs(ms) * nanosPerMs));
  const sign = ms < 0 && nanos > 0n ? "-" : "";
  if (nanos === 0n) return "0s";
  if (nanos < 1_000n) return `${sign}${nanos}ns`;
  if (nanos < 1_000_000n) return `${sign}${withFraction(nanos, 3)}µs`;
  if (nanos < 1_000_000_000n) return `${sign}${withFraction(nanos, 6)}ms`;
  const seconds = withFraction(nanos % 60_000_000_000n, 9);
  const minutes = nanos / 60_000_000_000n;
  if (minutes === 0n) return `${sign}${seconds}s`;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}s`;
}

function withFraction(amount: bigint, digits: number): string {
  const scale = 10n ** BigInt(digits);
  const fraction = (amount % scale).toString().padStart(digits, "0").replace(/0+$/, "");
  return fraction === "" ? `${amount / scale}` : `${amount / scale}.${fraction}`;
}

/** The age of something as kubectl prints it (`duration.HumanDuration`): `45s`, `3m12s`, `5h`, `2d3h`, `400d`, `3y20d`. */
export function formatAge(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  const pair = (whole: number, unit: string, rest: number, small: string) =>
    rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${small}`;
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return pair(days, "d", hours % 24, "h");
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.trunc(hours / 24 / 365);
  if (hours < 24 * 365 * 8) return pair(years, "y", days % 365, "d");
  return `${years}y`;
}
