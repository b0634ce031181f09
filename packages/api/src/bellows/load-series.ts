import { z } from "zod";
import { quantity, rules } from "../field.ts";

const durationText = () =>
  z.string().regex(/^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/, { error: "a duration such as 90s or 1h30m" });

const Constant = z.object({ value: quantity().describe("The amount, at all times.") });

const Step = z.object({
  steps: z
    .array(
      z.object({
        at: durationText().describe("How long after the start the amount changes."),
        value: quantity().describe("The amount from then on."),
      }),
    )
    .min(1)
    .max(1000)
    .describe("The changes, in order of time. Before the first, the amount is 0."),
  repeat: durationText().optional().describe("Begin again after this long."),
});

const Ramp = z.object({
  from: quantity().describe("The amount until the ramp begins."),
  to: quantity().describe("The amount once it has ended."),
  after: durationText().default("0s").describe("How long after the start the ramp begins."),
  over: durationText().describe("How long it takes."),
});

const Sine = z.object({
  mean: quantity().describe("The amount halfway between the lowest and the highest."),
  amplitude: quantity().describe("How far the amount goes to either side. What falls below 0 is 0."),
  period: durationText().describe("The length of one wave."),
  phase: durationText()
    .default("0s")
    .describe("How far into the wave the start is; at 0s the amount is the mean, and rises."),
});

const Daily = z.object({
  timeZone: z.string().default("UTC").describe("An IANA time zone."),
  points: z
    .array(
      z.object({
        at: z
          .string()
          .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, { error: "a time of day such as 09:30" })
          .describe("The time of day."),
        value: quantity().describe("The amount at that time. Between two points it changes evenly."),
      }),
    )
    .min(1)
    .max(1440)
    .describe("Amounts by time of day, in order. The last leads over to the first of the next day."),
  weekend: z.number().min(0).default(1).describe("What the amounts are multiplied by on Saturdays and Sundays."),
});

const Trace = z.object({
  csv: z
    .string()
    .min(1)
    .describe(
      "Lines of `seconds,amount`, in order of time; a first line without numbers and lines with # are passed over.",
    ),
  interpolate: z.boolean().default(false).describe("Change evenly between two lines, instead of at once."),
  repeat: z.boolean().default(false).describe("Begin again after the last line; otherwise its amount stays."),
});

const seriesKinds = ["constant", "step", "ramp", "sine", "daily", "trace"] as const;

/** How an amount goes up and down over time. Exactly one kind of series. */
export const LoadSeries = z
  .object({
    constant: Constant.optional().describe("Always the same."),
    step: Step.optional().describe("Changes at given times."),
    ramp: Ramp.optional().describe("Changes evenly from one amount to another."),
    sine: Sine.optional().describe("Goes up and down in waves."),
    daily: Daily.optional().describe("Follows the time of day."),
    trace: Trace.optional().describe("Follows a recording."),
    noise: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe("How far the amount strays at random, as a share of it. The same seed gives the same noise."),
  })
  .meta(
    rules({
      rule: `[${seriesKinds.map((one) => `has(self.${one})`).join(", ")}].filter(x, x).size() == 1`,
      message: `set exactly one of ${seriesKinds.join(", ")}`,
    }),
  );
export type LoadSeries = z.output<typeof LoadSeries>;
