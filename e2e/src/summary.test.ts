import { expect, test } from "vitest";
import { summary } from "./summary.ts";

test("a summary says what ran on what, what came of it, and how long it took", () => {
  const outcomes = [
    { suite: "conformance", passed: ["a"], failed: [], skipped: [], notes: ["9 cases: 9 the same"], seconds: 99.6 },
    { suite: "nodes", passed: ["a", "b"], failed: ["c"], skipped: ["d"], notes: [], flaky: ["a"], seconds: 7 },
  ];
  const lines = summary({ driver: "go", version: "v1.35.4", outcomes, seconds: 110 });
  expect(lines).toEqual([
    "# summary",
    "driver       go",
    "kubernetes   v1.35.4",
    "conformance  1 passed, 0 failed, 100 s",
    "             9 cases: 9 the same",
    "nodes        2 passed, 1 failed, 1 skipped, 7 s",
    "             FAIL c",
    "             FLAKY a: failed in an earlier attempt",
    "all          3 passed, 1 failed, 1 skipped",
    "time         110 s",
  ]);
});
