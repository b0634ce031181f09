import { durationSetting } from "@bellows/api";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { readSettings, type SettingsSources } from "./settings.ts";

const schema = z.strictObject({
  syncPeriod: durationSetting({ above: 0 }).default("15s"),
  tolerance: z.number().min(0).default(0.1),
  leaderElect: z.boolean().default(true),
  policy: z.enum(["Strict", "BestEffort"]).default("Strict").meta({ env: "MY_POLICY" }),
  token: z.string().min(16).optional().meta({ secret: true }),
});
const read = (sources: Partial<SettingsSources>) => readSettings(schema, { flags: {}, environment: {}, ...sources });

describe("settings", () => {
  test("are the defaults where nothing is given", () => {
    expect(read({})).toEqual({ syncPeriod: "15s", tolerance: 0.1, leaderElect: true, policy: "Strict" });
  });

  test("come from flags, then the environment, then the file", () => {
    const file = { name: "c.yaml", values: { syncPeriod: "3s", tolerance: 0.3, leaderElect: false } };
    const environment = { SYNC_PERIOD: "2s", TOLERANCE: "0.2", MY_POLICY: "BestEffort" };
    const settings = read({ flags: { syncPeriod: "1s" }, environment, file });
    expect(settings).toEqual({ syncPeriod: "1s", tolerance: 0.2, leaderElect: false, policy: "BestEffort" });
  });

  const refusals: { name: string; sources: Partial<SettingsSources>; message: string }[] = [
    {
      name: "a flag that is no duration",
      sources: { flags: { syncPeriod: "15" } },
      message: '--sync-period: "15", expected a duration such as 15s or 1h30m',
    },
    {
      name: "a duration of nothing",
      sources: { flags: { syncPeriod: "0s" } },
      message: '--sync-period: "0s", expected a duration above 0s',
    },
    {
      name: "a variable of another type",
      sources: { environment: { TOLERANCE: "x" } },
      message: 'TOLERANCE: "x", expected number',
    },
    {
      name: "a choice that there is not",
      sources: { environment: { MY_POLICY: "Lax" } },
      message: 'MY_POLICY: "Lax", expected one of "Strict"|"BestEffort"',
    },
    {
      name: "a key in the wrong case",
      sources: { file: { name: "c.yaml", values: { syncperiod: "1s" } } },
      message: "c.yaml: syncperiod: unknown, did you mean syncPeriod?",
    },
    {
      name: "a file that is a list",
      sources: { file: { name: "c.yaml", values: [1] } },
      message: "c.yaml: [1], expected settings by name",
    },
  ];
  test.each(refusals)("refuse $name", ({ sources, message }) => {
    expect(() => read(sources)).toThrow(message);
  });

  test("name every problem at once, and no secret", () => {
    const flags = { token: "short", tolerance: "-1" };
    expect(() => read({ flags })).toThrow(/^--tolerance: -1, .*\n--token: \(a secret\), /);
  });
});
