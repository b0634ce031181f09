import { decisionAnnotation, decisionRecordAnnotation } from "@bellows/api";
import { expect, test } from "vitest";
import { decisionLines, recordIn } from "./why.ts";

const objectWith = (annotations: Record<string, string>) => ({ metadata: { name: "web", annotations } });

test("a decision is told with its inputs, steps, limits and outcome", () => {
  const record = {
    id: "0123456789",
    at: Date.parse("2026-01-01T00:00:00Z"),
    seen: { replicas: 2, pods: 2, metrics: [{ name: "cpu" }] },
    computed: ["cpu 312 % of 50 % over 2 pods -> 13"],
    limits: [{ reason: "ScaleUpLimit", from: 13, to: 6 }],
    causes: [],
    action: { replicas: 6, reason: "cpu resource utilization (percentage of request) above target" },
  };
  const found = recordIn("hpa/web", objectWith({ [decisionRecordAnnotation]: JSON.stringify(record) }));
  expect(decisionLines(found)).toEqual([
    "decision  0123456789, 2026-01-01T00:00:00Z",
    "seen      replicas: 2",
    "seen      pods: 2",
    "computed  cpu 312 % of 50 % over 2 pods -> 13",
    "limit     ScaleUpLimit: 13 -> 6",
    "action    replicas: 6, reason: cpu resource utilization (percentage of request) above target",
  ]);
});

test("where only the id is kept, it is told where to look", () => {
  const [first, second] = decisionLines(recordIn("nodeclaim/a", objectWith({ [decisionAnnotation]: "0123456789" })));
  expect(first).toBe("decision  0123456789");
  expect(second).toContain("the controller's log");
});

test.each([
  ["no annotation", {}, "hpa/web: no decision yet"],
  ["no JSON", { [decisionRecordAnnotation]: "{" }, "found {, expected a decision"],
  ["no record", { [decisionRecordAnnotation]: "null" }, "found null, expected a decision"],
])("%s is an error that says so", (_, annotations, message) => {
  expect(() => recordIn("hpa/web", objectWith(annotations))).toThrow(message);
});
