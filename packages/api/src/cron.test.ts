import { CronExpressionParser } from "cron-parser";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cronProblem, parseCron } from "./cron.ts";

const at = (text: string) => Date.parse(text);
const shown = (instant: number | undefined) => (instant === undefined ? undefined : new Date(instant).toISOString());

describe("fires when it is due", () => {
  test.each([
    ["* * * * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00.000Z"],
    ["* * * * *", "UTC", "2026-01-01T00:00:59.999Z", "2026-01-01T00:01:00.000Z"],
    ["00,15,30,45 * * * *", "Asia/Seoul", "2026-01-01T00:14:59.999Z", "2026-01-01T00:15:00.000Z"],
    ["0 9 * * 1-5", "Asia/Seoul", "2026-01-02T00:00:00Z", "2026-01-05T00:00:00.000Z"],
    ["0 9 * * MON", "Asia/Seoul", "2026-01-02T00:00:00Z", "2026-01-05T00:00:00.000Z"],
    ["0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00.000Z"],
    ["0 0 13 * 5", "UTC", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00.000Z"],
    ["0 0 */2 * 5", "UTC", "2026-01-03T01:00:00Z", "2026-01-05T00:00:00.000Z"],
    ["0 0 * * 5/2", "UTC", "2026-01-03T01:00:00Z", "2026-01-09T00:00:00.000Z"],
    ["5/20 * * * ?", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00.000Z"],
    ["@daily", "America/New_York", "2026-01-01T06:00:00Z", "2026-01-02T05:00:00.000Z"],
    ["@every 90m", "UTC", "2026-01-01T00:00:00.500Z", "2026-01-01T01:30:00.000Z"],
    ["CRON_TZ=Asia/Tokyo 0 9 * * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00.000Z"],
    ["0 0 31 2 *", "UTC", "2026-01-01T00:00:00Z", undefined],
    // Clocks set forward at 07:00Z: 02:30 does not come that day. Set back at 06:00Z: 01:30 comes twice.
    ["30 2 * * *", "America/New_York", "2026-03-08T06:00:00Z", "2026-03-09T06:30:00.000Z"],
    ["30 1 * * *", "America/New_York", "2026-11-01T05:00:00Z", "2026-11-01T05:30:00.000Z"],
    ["30 1 * * *", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00.000Z"],
    ["30 1 * * *", "America/New_York", "2026-11-01T06:30:00Z", "2026-11-02T06:30:00.000Z"],
  ])("%s in %s after %s", (expression, zone, after, expected) => {
    expect(shown(parseCron(expression, zone).next(at(after)))).toBe(expected);
  });
});

describe("knows when it was last due", () => {
  test.each([
    ["*/5 * * * *", "UTC", "2026-01-01T00:05:00Z", "2026-01-01T00:05:00.000Z"],
    ["*/5 * * * *", "UTC", "2026-01-01T00:04:59.999Z", "2026-01-01T00:00:00.000Z"],
    ["0 9 * * 1", "Asia/Seoul", "2026-01-04T23:59:59Z", "2025-12-29T00:00:00.000Z"],
    ["30 1 * * 0", "America/New_York", "2026-11-04T00:00:00Z", "2026-11-01T06:30:00.000Z"],
    ["@every 1m", "UTC", "2026-01-01T00:00:00Z", undefined],
  ])("%s in %s at %s", (expression, zone, before, expected) => {
    expect(shown(parseCron(expression, zone).previous(at(before)))).toBe(expected);
  });
});

describe("refuses in the words of the parser that upstream uses", () => {
  test.each([
    ["", "UTC", "empty spec string"],
    ["* * * *", "UTC", "expected exactly 5 fields, found 4: [* * * *]"],
    ["60 * * * *", "UTC", "end of range (60) above maximum (59): 60"],
    ["* * 0 * *", "UTC", "beginning of range (0) below minimum (1): 0"],
    ["* * * * 7", "UTC", "end of range (7) above maximum (6): 7"],
    ["5-1 * * * *", "UTC", "beginning of range (5) beyond end of range (1): 5-1"],
    ["*/0 * * * *", "UTC", "step of range should be a positive number: */0"],
    ["1-2-3 * * * *", "UTC", "too many hyphens: 1-2-3"],
    ["1/2/3 * * * *", "UTC", "too many slashes: 1/2/3"],
    ["x * * * *", "UTC", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ["@often", "UTC", "unrecognized descriptor: @often"],
    ["@every soon", "UTC", 'failed to parse duration @every soon: time: invalid duration "soon"'],
    ["* * * * *", "Mars/Olympus", "provided bad location Mars/Olympus: unknown time zone Mars/Olympus"],
  ])("%j in %s", (expression, zone, message) => {
    expect(cronProblem(expression, zone)).toBe(message);
  });
});

test("next and previous are the minutes whose clock reading matches, around clock changes too", () => {
  const zones = ["America/New_York", "Australia/Lord_Howe", "Asia/Seoul"];
  const changes = ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"];
  const minute = 60_000;
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...changes),
      fc.integer({ min: -300, max: 300 }),
      fc.integer({ min: 0, max: 59 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
      (zone, change, minutesOff, dueMinute, hours) => {
        const schedule = parseCron(`${dueMinute} ${hours.join(",")} * * *`, zone);
        const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "numeric", minute: "numeric" });
        const due = (instant: number) => {
          const [hour, minutes] = clock.format(instant).split(":").map(Number);
          return minutes === dueMinute && hour !== undefined && hours.includes(hour);
        };
        const from = at(change) + minutesOff * minute;
        let next = from + minute;
        while (!due(next)) next += minute;
        let previous = from;
        while (!due(previous)) previous -= minute;
        expect(shown(schedule.next(from))).toBe(shown(next));
        expect(shown(schedule.previous(from))).toBe(shown(previous));
      },
    ),
    { numRuns: 60 },
  );
});

test("agrees with cron-parser where no clock changes", () => {
  const step = (low: number, high: number) =>
    fc.oneof(
      fc.constant("*"),
      fc.integer({ min: low, max: high }).map(String),
      fc.tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high })).map(([a, b]) => {
        return `${Math.min(a, b)}-${Math.max(a, b)}`;
      }),
    );
  fc.assert(
    fc.property(
      fc.tuple(step(0, 59), step(0, 23), step(1, 28), step(1, 12), step(0, 6)),
      fc.integer({ min: at("2026-01-01T00:00:00Z") / 1000, max: at("2027-01-01T00:00:00Z") / 1000 }),
      (parts, seconds) => {
        const expression = parts.join(" ");
        const from = seconds * 1000;
        const theirs = CronExpressionParser.parse(expression, { tz: "Asia/Seoul", currentDate: new Date(from) });
        expect(parseCron(expression, "Asia/Seoul").next(from)).toBe(theirs.next().getTime());
      },
    ),
    { numRuns: 60 },
  );
});
