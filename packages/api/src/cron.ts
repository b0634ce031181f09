import { durationMs, durationProblem } from "./duration.ts";

/** An expression or time zone that cannot be read. The messages are those of robfig/cron, which upstream uses. */
export class CronError extends Error {
  override readonly name = "CronError";
}

interface Field {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const fields: readonly Field[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: monthNames },
  { min: 0, max: 6, names: dayNames },
];

const descriptors: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const maxSearchDays = 5 * 366;

/**
 * When something is due: a five-field expression or a descriptor (`@daily`, `@every 1h30m`) in a time zone, as
 * Kubernetes' CronJobs, KEDA's cron trigger and Karpenter's budgets read it. Two rules around clock changes: what falls
 * into a skipped hour does not fire, and what falls into a repeated hour fires twice. (cron-parser moves the first
 * behind the gap, drops the repetition, and finds nothing around half-hour changes; our tests use it for comparison only.)
 */
export interface CronSchedule {
  readonly expression: string;
  readonly timeZone: string;
  /** The first firing later than an instant (milliseconds since the epoch); undefined for none within five years. */
  next(after: number): number | undefined;
  /** The last firing not later than an instant; undefined for none within five years, and for `@every`. */
  previous(at: number): number | undefined;
}

/**
 * Reads an expression. `TZ=` or `CRON_TZ=` in front of it wins over `timeZone`.
 * @param timeZone  an IANA name
 * @throws CronError
 */
export function parseCron(expression: string, timeZone = "UTC"): CronSchedule {
  if (expression === "") throw new CronError("empty spec string");
  let spec = expression;
  let zone = timeZone;
  const prefix = /^(?:CRON_)?TZ=(\S*)/.exec(spec);
  if (prefix) {
    zone = prefix[1] ?? "";
    spec = spec.slice(prefix[0].length).trim();
  }
  const offset = zoneOffset(zone);
  if (spec.startsWith("@every ")) return everySchedule(expression, spec, zone);
  if (spec.startsWith("@")) {
    const described = descriptors[spec];
    if (!described) throw new CronError(`unrecognized descriptor: ${spec}`);
    spec = described;
  }
  const parts = spec.split(/\s+/).filter((part) => part !== "");
  if (parts.length !== fields.length) {
    throw new CronError(`expected exactly ${fields.length} fields, found ${parts.length}: [${parts.join(" ")}]`);
  }
  const sets = fields.map((field, index) => parseField(parts[index] ?? "", field));
  return new CalendarSchedule(expression, zone, sets, offset);
}

/** What is wrong with an expression or its time zone; undefined for nothing. */
export function cronProblem(expression: string, timeZone = "UTC"): string | undefined {
  try {
    parseCron(expression, timeZone);
    return undefined;
  } catch (error) {
    if (error instanceof CronError) return error.message;
    throw error;
  }
}

function everySchedule(expression: string, spec: string, timeZone: string): CronSchedule {
  const text = spec.slice("@every ".length);
  const problem = durationProblem(text);
  if (problem) throw new CronError(`failed to parse duration ${spec}: ${problem}`);
  const delayMs = Math.max(secondMs, Math.floor(durationMs(text) / secondMs) * secondMs);
  return {
    expression,
    timeZone,
    next: (after) => Math.floor(after / secondMs) * secondMs + delayMs,
    previous: () => undefined,
  };
}

/** The values of one field; `any` where the field has a star, which leaves the choice of days to the other day field. */
interface Values {
  readonly values: readonly number[];
  readonly any: boolean;
}

/** Fields that were read before: thousands of schedules say `*` or the same hours. */
const knownFields = new Map<string, Values>();
const mostKnownFields = 10_000;

function parseField(text: string, field: Field): Values {
  const key = `${fields.indexOf(field)} ${text}`;
  const known = knownFields.get(key);
  if (known) return known;
  if (knownFields.size >= mostKnownFields) knownFields.clear();
  const read = readField(text, field);
  knownFields.set(key, read);
  return read;
}

function readField(text: string, field: Field): Values {
  const values = new Set<number>();
  let any = false;
  for (const range of text.split(",")) {
    if (range === "") continue;
    const parsed = parseRange(range, field);
    any ||= parsed.any;
    for (const value of parsed.values) values.add(value);
  }
  return { values: [...values].sort((a, b) => a - b), any };
}

function parseRange(text: string, field: Field): Values {
  const [range = "", stepText, ...moreSteps] = text.split("/");
  const [low = "", high, ...more] = range.split("-");
  const star = low === "*" || low === "?";
  let start = field.min;
  let end = field.max;
  if (!star) {
    start = parseNumber(low, field);
    if (more.length > 0) throw new CronError(`too many hyphens: ${text}`);
    end = high === undefined ? start : parseNumber(high, field);
  }
  let step = 1;
  if (moreSteps.length > 0) throw new CronError(`too many slashes: ${text}`);
  if (stepText !== undefined) {
    step = parseWhole(stepText);
    if (high === undefined) end = field.max;
  }
  if (start < field.min) {
    throw new CronError(`beginning of range (${start}) below minimum (${field.min}): ${text}`);
  }
  if (end > field.max) throw new CronError(`end of range (${end}) above maximum (${field.max}): ${text}`);
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`);
  const values: number[] = [];
  for (let value = start; value <= end; value += step) values.push(value);
  return { values, any: star && step === 1 };
}

function parseNumber(text: string, field: Field): number {
  const index = field.names.indexOf(text.toLowerCase());
  return index >= 0 ? index + field.min : parseWhole(text);
}

function parseWhole(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new CronError(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  const value = Number(text);
  if (value < 0) throw new CronError(`negative number (${value}) not allowed: ${text}`);
  return value;
}

class CalendarSchedule implements CronSchedule {
  readonly expression: string;
  readonly timeZone: string;
  readonly #minutes: readonly number[];
  readonly #hours: readonly number[];
  readonly #days: Values;
  readonly #months: readonly number[];
  readonly #weekdays: Values;
  readonly #offset: (at: number) => number;

  constructor(expression: string, timeZone: string, sets: readonly Values[], offset: (at: number) => number) {
    const [minutes, hours, days, months, weekdays] = sets as [Values, Values, Values, Values, Values];
    this.expression = expression;
    this.timeZone = timeZone;
    this.#minutes = minutes.values;
    this.#hours = hours.values;
    this.#days = days;
    this.#months = months.values;
    this.#weekdays = weekdays;
    this.#offset = offset;
  }

  next(after: number): number | undefined {
    return this.#search(after, 1, (firings) => firings.find((at) => at > after));
  }

  previous(at: number): number | undefined {
    return this.#search(at, -1, (firings) => firings.findLast((firing) => firing <= at));
  }

  /** Goes from local day to local day, at most five years far. */
  #search(from: number, direction: 1 | -1, pick: (firings: number[]) => number | undefined): number | undefined {
    const local = new Date(from + this.#offset(from));
    let day = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate());
    const limit = day + direction * maxSearchDays * dayMs;
    for (; direction > 0 ? day <= limit : day >= limit; day += direction * dayMs) {
      if (!this.#matchesDay(new Date(day))) continue;
      const found = pick(this.#firingsOf(day));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** With both day fields restricted either may match; a star leaves the choice to the other. */
  #matchesDay(day: Date): boolean {
    if (!this.#months.includes(day.getUTCMonth() + 1)) return false;
    const dayMatches = this.#days.values.includes(day.getUTCDate());
    const weekdayMatches = this.#weekdays.values.includes(day.getUTCDay());
    return this.#days.any || this.#weekdays.any ? dayMatches && weekdayMatches : dayMatches || weekdayMatches;
  }

  /** The instants of a local day (given as if it were UTC) at which the clock shows one of the times, in order. */
  #firingsOf(day: number): number[] {
    // The day lies within 14 hours of the UTC day of the same date, so these are its first and last offsets.
    const offsets = [...new Set([this.#offset(day - 14 * hourMs), this.#offset(day + 38 * hourMs)])];
    const firings: number[] = [];
    for (const hour of this.#hours) {
      for (const minute of this.#minutes) {
        const clock = day + hour * hourMs + minute * minuteMs;
        for (const offset of offsets) {
          const at = clock - offset;
          if (offsets.length === 1 || this.#offset(at) === offset) firings.push(at);
        }
      }
    }
    return offsets.length === 1 ? firings : firings.sort((a, b) => a - b);
  }
}

const offsets = new Map<string, (at: number) => number>();

/** The offset of a zone's clock from UTC in milliseconds, by instant. */
function zoneOffset(timeZone: string): (at: number) => number {
  const known = offsets.get(timeZone);
  if (known) return known;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    throw new CronError(`provided bad location ${timeZone}: unknown time zone ${timeZone}`);
  }
  const offset = (at: number) => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const local = Date.UTC(
      part["year"] ?? 0,
      (part["month"] ?? 1) - 1,
      part["day"],
      part["hour"],
      part["minute"],
      part["second"],
    );
    return local - Math.floor(at / secondMs) * secondMs;
  };
  offsets.set(timeZone, offset);
  return offset;
}
