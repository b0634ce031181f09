import { durationMs, type LoadSeries } from "@bellows/api";
import type { Instant } from "@bellows/kube";
import { fractionOf } from "../kubelet/jitter.ts";

/** Reads a quantity of the series: CPU in millis, or memory in bytes. */
export type ReadAmount = (quantity: string | number) => number;

/** Noise changes this often. */
const noiseStepMs = 15_000;

/**
 * The amount of a series at `now`, in the unit that `read` gives; never below 0.
 * @param startAt  when the series begins
 * @param key      what the noise depends on besides time: a pod's uid
 */
export function amountAt(series: LoadSeries, startAt: Instant, now: Instant, read: ReadAmount, key = ""): number {
  const amount = Math.max(0, plainAmount(series, startAt, now, read));
  if (!series.noise) return amount;
  const stray = 2 * fractionOf(`${key}/noise/${Math.floor(now / noiseStepMs)}`) - 1;
  return Math.max(0, amount * (1 + series.noise * stray));
}

function plainAmount(series: LoadSeries, startAt: Instant, now: Instant, read: ReadAmount): number {
  const sinceMs = Math.max(0, now - startAt);
  if (series.constant) return read(series.constant.value);
  if (series.step) return stepAmount(series.step, sinceMs, read);
  if (series.ramp) {
    const { from, to, after, over } = series.ramp;
    const share = clamp((sinceMs - durationMs(after)) / Math.max(1, durationMs(over)));
    return read(from) + (read(to) - read(from)) * share;
  }
  if (series.sine) {
    const { mean, amplitude, period, phase } = series.sine;
    const turns = (sinceMs + durationMs(phase)) / Math.max(1, durationMs(period));
    return read(mean) + read(amplitude) * Math.sin(2 * Math.PI * turns);
  }
  if (series.daily) return dailyAmount(series.daily, now, read);
  return series.trace ? traceAmount(series.trace, sinceMs, read) : 0;
}

function stepAmount({ steps, repeat }: NonNullable<LoadSeries["step"]>, sinceMs: number, read: ReadAmount): number {
  const at = repeat ? sinceMs % Math.max(1, durationMs(repeat)) : sinceMs;
  const current = steps.findLast((step) => durationMs(step.at) <= at);
  return current ? read(current.value) : 0;
}

const dayMinutes = 24 * 60;

function dailyAmount(
  { timeZone, points, weekend }: NonNullable<LoadSeries["daily"]>,
  now: Instant,
  read: ReadAmount,
): number {
  const { minutes, isWeekend } = localTime(now, timeZone);
  const minutesOf = (at: string) => Number(at.slice(0, 2)) * 60 + Number(at.slice(3));
  const known = points.map((point) => ({ minutes: minutesOf(point.at), amount: read(point.value) }));
  const [first] = known;
  const last = known.at(-1);
  if (!first || !last) return 0;
  const before = known.findLast((point) => point.minutes <= minutes) ?? { ...last, minutes: last.minutes - dayMinutes };
  const after = known.find((point) => point.minutes > minutes) ?? { ...first, minutes: first.minutes + dayMinutes };
  const share = (minutes - before.minutes) / Math.max(1, after.minutes - before.minutes);
  return (before.amount + (after.amount - before.amount) * share) * (isWeekend ? weekend : 1);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Minutes of the day in a time zone, with seconds as a fraction. */
function localTime(now: Instant, timeZone: string): { minutes: number; isWeekend: boolean } {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat("en-US", {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    });
    formatters.set(timeZone, formatter);
  }
  const parts = Object.fromEntries(formatter.formatToParts(now).map(({ type, value }) => [type, value]));
  const minutes = Number(parts.hour) * 60 + Number(parts.minute) + Number(parts.second) / 60;
  return { minutes, isWeekend: parts.weekday === "Sat" || parts.weekday === "Sun" };
}

interface TracePoint {
  readonly atMs: number;
  readonly amount: string;
}

const traces = new Map<string, readonly TracePoint[]>();
const maxTraces = 64;

function traceAmount(
  { csv, interpolate, repeat }: NonNullable<LoadSeries["trace"]>,
  sinceMs: number,
  read: ReadAmount,
): number {
  const points = tracePoints(csv);
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return 0;
  const atMs = repeat && last.atMs > 0 ? sinceMs % last.atMs : sinceMs;
  const index = points.findLastIndex((point) => point.atMs <= atMs);
  const before = points[index];
  const after = points[index + 1];
  if (!before) return read(first.amount);
  if (!interpolate || !after) return read(before.amount);
  const share = (atMs - before.atMs) / Math.max(1, after.atMs - before.atMs);
  return read(before.amount) + (read(after.amount) - read(before.amount)) * share;
}

/** Lines that are no `seconds,amount` (a heading, a comment) are passed over. */
function tracePoints(csv: string): readonly TracePoint[] {
  const cached = traces.get(csv);
  if (cached) return cached;
  const points = csv.split("\n").flatMap((line) => {
    const [seconds = "", amount = ""] = line.split(",").map((part) => part.trim());
    return seconds !== "" && Number.isFinite(Number(seconds)) && /^[0-9.]+[a-zA-Z]*$/.test(amount)
      ? [{ atMs: Number(seconds) * 1000, amount }]
      : [];
  });
  if (traces.size >= maxTraces) traces.clear();
  traces.set(csv, points);
  return points;
}

const clamp = (share: number) => Math.min(1, Math.max(0, share));
