import { describe, expect, test } from "vitest";
import { stabilize, stabilizeDown } from "./stabilization.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const window = { upMs: 0, downMs: 300_000 };
const past = (recent: [number, number][]) =>
  recent.map(([seconds, replicas]) => ({ at: now + seconds * 1000, replicas }));

describe("with a behavior", () => {
  test.each<{ name: string; desired: number; current: number; recent: [number, number][]; to: number; reason: string }>(
    [
      {
        name: "shrinks to the highest in the window",
        desired: 2,
        current: 8,
        recent: [[-299, 6]],
        to: 6,
        reason: "ScaleDownStabilized",
      },
      {
        name: "forgets what left the window",
        desired: 2,
        current: 8,
        recent: [[-300, 6]],
        to: 2,
        reason: "ReadyForNewScale",
      },
      {
        name: "grows at once with no up window",
        desired: 9,
        current: 8,
        recent: [[-1, 4]],
        to: 9,
        reason: "ReadyForNewScale",
      },
    ],
  )("$name", ({ desired, current, recent, to, reason }) => {
    expect(stabilize(desired, current, past(recent), window, now)).toMatchObject({ replicas: to, reason });
  });

  test("waits for the lowest recommendation of an up window", () => {
    const stabilized = stabilize(9, 3, past([[-10, 5]]), { upMs: 60_000, downMs: 0 }, now);
    expect(stabilized).toMatchObject({ replicas: 5, reason: "ScaleUpStabilized" });
  });
});

describe("without a behavior", () => {
  test("a sample at the very edge of the window still counts", () => {
    expect(stabilizeDown(1, past([[-300, 7]]), 300_000, now).replicas).toBe(7);
    expect(stabilizeDown(1, past([[-301, 7]]), 300_000, now).replicas).toBe(1);
  });

  test("keeps no more samples than a window needs", () => {
    let recommendations = past([]);
    for (let second = 0; second < 3600; second += 15) {
      recommendations = [...stabilizeDown(2, recommendations, 300_000, now + second * 1000).recommendations];
    }
    expect(recommendations.length).toBeLessThanOrEqual(22);
  });
});
