import { VirtualClock } from "@bellows/kube";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { metricNameOf, open, problemOf, soon } from "./trigger.fixture.ts";

const at = (text: string) => Date.parse(text);
const shown = (instant: number | undefined) => (instant === undefined ? undefined : new Date(instant).toISOString());

const valid = { timezone: "Etc/UTC", start: "0 0 * * Thu", end: "59 23 * * Thu", desiredReplicas: "10" };
const kolkata = { timezone: "Asia/Kolkata", start: "30 * * * *", end: "45 * * * *", desiredReplicas: "10" };
const without = (key: string) => Object.fromEntries(Object.entries(kolkata).filter(([name]) => name !== key));
const parsing = "error parsing cron metadata: ";

describe("metadata", () => {
  test.each([
    ["a weekday", valid],
    ["steps", { ...valid, start: "0 */2 * * *", end: "0 1-23/2 * * *" }],
    ["lists", { ...valid, start: "0,30 * * * *", end: "15,45 * * * *" }],
    ["a range as start", { ...kolkata, start: "30-33 * * * *" }],
    ["a range as end", { ...kolkata, end: "45-50 * * * *" }],
  ])("accepts %s", async (_, metadata) => {
    expect(await problemOf("cron", { metadata })).toBeUndefined();
  });

  test.each([
    [
      "desiredReplicas",
      'missing required parameter "desiredReplicas" in [triggerMetadata]\nno desiredReplicas specified',
    ],
    ["timezone", 'missing required parameter "timezone" in [triggerMetadata]'],
    [
      "start",
      'missing required parameter "start" in [triggerMetadata]\nerror parsing start schedule: empty spec string',
    ],
  ])("needs %s", async (key, message) => {
    expect(await problemOf("cron", { metadata: without(key) })).toBe(parsing + message);
  });

  test.each([
    [
      { start: "-30 * * * *" },
      'error parsing start schedule: failed to parse int from : strconv.Atoi: parsing "": invalid syntax',
    ],
    [
      { end: "-50 * * * *" },
      'error parsing end schedule: failed to parse int from : strconv.Atoi: parsing "": invalid syntax',
    ],
    [
      { end: "50 * * -3 *" },
      'error parsing end schedule: failed to parse int from : strconv.Atoi: parsing "": invalid syntax',
    ],
    [{ end: kolkata.start }, "start and end can not have exactly same time input"],
    [{ start: "@daily" }, "error parsing start schedule: parser does not accept descriptors: @daily"],
    [{ desiredReplicas: "0" }, "no desiredReplicas specified"],
    [{ desiredReplicas: "-1" }, "desiredReplicas must be greater than 0, got -1"],
    [{ timezone: "Mars/Olympus" }, "unable to load timezone: unknown time zone Mars/Olympus"],
  ])("refuses %j", async (change, message) => {
    expect(await problemOf("cron", { metadata: { ...kolkata, ...change } })).toBe(parsing + message);
  });

  test("Utilization is refused before anything else", async () => {
    expect(await problemOf("cron", { metricType: "Utilization" })).toBe(
      "error getting scaler metric type: 'Utilization' metric type is unsupported for external metrics, allowed values are 'Value' or 'AverageValue'",
    );
  });
});

test.each([
  [0, valid, "s0-cron-Etc-UTC-00xxThu-5923xxThu"],
  [1, { ...valid, start: "0 */2 * * *", end: "0 1-23/2 * * *" }, "s1-cron-Etc-UTC-0xSl2xxx-01-23Sl2xxx"],
  [2, { ...valid, start: "0 9 ? * *", end: "0 18 ? * *" }, "s2-cron-Etc-UTC-09Qmxx-018Qmxx"],
  [
    0,
    { timezone: "Asia/Seoul", start: "00,15,30,45 * * * *", end: "05,20,35,50 * * * *", desiredReplicas: "1" },
    "s0-cron-Asia-Seoul-00,15,30,45xxxx-05,20,35,50xxxx",
  ],
])("names the metric of trigger %i", async (index, metadata, name) => {
  const trigger = await open("cron", { index, metadata });
  expect(await metricNameOf(trigger)).toBe(name);
  expect(await trigger.metricSpecs()).toMatchObject([
    { type: "External", external: { target: { type: "AverageValue", averageValue: "1" } } },
  ]);
});

async function readAt(metadata: Record<string, string>, instant: string) {
  const trigger = await open("cron", { metadata }, { clock: new VirtualClock(at(instant)) });
  const { values, active } = await trigger.read("s0-cron", soon());
  expect(values[0]?.metricName).toBe("s0-cron");
  return { active, value: values[0]?.value, next: shown(trigger.nextChange?.(at(instant))) };
}

describe("windows", () => {
  const seoul = {
    timezone: "Asia/Seoul",
    start: "00,15,30,45 * * * *",
    end: "05,20,35,50 * * * *",
    desiredReplicas: "1",
  };
  const office = { timezone: "America/New_York", start: "0 9 * * 1-5", end: "0 17 * * 1-5", desiredReplicas: "4" };
  const thursday = { timezone: "Etc/UTC", start: "0 0 * * Thu", end: "59 23 * * Thu", desiredReplicas: "10" };
  const even = { timezone: "Etc/UTC", start: "0 */2 * * *", end: "0 1-23/2 * * *", desiredReplicas: "10" };
  const night = { timezone: "Etc/UTC", start: "0 22 * * *", end: "0 6 * * *", desiredReplicas: "2" };
  const adjacent = { timezone: "Etc/UTC", start: "0 8,12 * * *", end: "0 12,16 * * *", desiredReplicas: "3" };
  const repeated = { timezone: "Etc/UTC", start: "0 8,10 * * *", end: "0 16 * * *", desiredReplicas: "3" };
  test.each([
    ["closed a millisecond before the start", seoul, "2026-01-01T00:14:59.999Z", false, 0, "2026-01-01T00:15:00.000Z"],
    ["open at the start", seoul, "2026-01-01T00:15:00.000Z", true, 1, "2026-01-01T00:20:00.000Z"],
    ["open a millisecond before the end", seoul, "2026-01-01T00:19:59.999Z", true, 1, "2026-01-01T00:20:00.000Z"],
    ["closed at the end", seoul, "2026-01-01T00:20:00.000Z", false, 0, "2026-01-01T00:30:00.000Z"],
    ["open in the zone's hours", office, "2026-07-01T13:00:00Z", true, 4, "2026-07-01T21:00:00.000Z"],
    ["closed over the weekend", office, "2026-07-03T21:00:00Z", false, 0, "2026-07-06T13:00:00.000Z"],
    ["open on a Thursday", thursday, "2026-01-01T12:00:00Z", true, 10, "2026-01-01T23:59:00.000Z"],
    ["closed on a Friday", thursday, "2026-01-02T12:00:00Z", false, 0, "2026-01-08T00:00:00.000Z"],
    ["open in an even hour", even, "2026-01-01T14:30:00Z", true, 10, "2026-01-01T15:00:00.000Z"],
    ["closed in an odd hour", even, "2026-01-01T15:30:00Z", false, 0, "2026-01-01T16:00:00.000Z"],
    ["open over midnight", night, "2026-01-01T23:59:59Z", true, 2, "2026-01-02T06:00:00.000Z"],
    ["closed after a night", night, "2026-01-02T06:00:00Z", false, 0, "2026-01-02T22:00:00.000Z"],
    ["open where one window follows another", adjacent, "2026-01-01T12:00:00Z", true, 3, "2026-01-01T16:00:00.000Z"],
    [
      "open where the next window begins at the end",
      adjacent,
      "2026-01-01T11:59:59Z",
      true,
      3,
      "2026-01-01T16:00:00.000Z",
    ],
    ["open at a start within a window", repeated, "2026-01-01T10:00:00Z", true, 3, "2026-01-01T16:00:00.000Z"],
  ])("%s", async (_, metadata, instant, active, value, next) => {
    expect(await readAt(metadata, instant)).toEqual({ active, value, next });
  });
});

test("between two changes a window is open or closed throughout, and the change is where it says", async () => {
  const hours = fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(hours, hours, fc.integer({ min: 0, max: 48 * 60 }), async (starts, ends, minutes) => {
      fc.pre(starts.join() !== ends.join());
      const metadata = {
        timezone: "Europe/Berlin",
        start: `0 ${starts.join()} * * *`,
        end: `0 ${ends.join()} * * *`,
        desiredReplicas: "1",
      };
      const from = at("2026-03-28T12:00:00Z") + minutes * 60_000;
      const now = await readAt(metadata, new Date(from).toISOString());
      if (now.next === undefined) return;
      const next = at(now.next);
      expect(next).toBeGreaterThan(from);
      expect((await readAt(metadata, new Date(next - 1).toISOString())).active).toBe(now.active);
      const differs = (await readAt(metadata, now.next)).active !== now.active;
      // A window that never closes has no change: it is only looked at again.
      expect(
        differs || starts.every((hour) => ends.includes(hour)) || ends.every((hour) => starts.includes(hour)),
      ).toBe(true);
    }),
    { numRuns: 50 },
  );
});
