import { expect, test } from "vitest";
import { allowedDisruptions } from "./budget.ts";

const monday = Date.parse("2026-01-05T09:00:00Z");

test.each([
  { name: "a number", budgets: [{ nodes: "3" }], nodes: 10, leaving: 0, allowed: 3 },
  { name: "a percentage is rounded up", budgets: [{ nodes: "10%" }], nodes: 11, leaving: 0, allowed: 2 },
  { name: "nodes that go count", budgets: [{ nodes: "3" }], nodes: 10, leaving: 2, allowed: 1 },
  { name: "never below none", budgets: [{ nodes: "1" }], nodes: 10, leaving: 5, allowed: 0 },
  { name: "the strictest counts", budgets: [{ nodes: "5" }, { nodes: "2" }], nodes: 10, leaving: 0, allowed: 2 },
  {
    name: "a budget for another reason does not",
    budgets: [{ nodes: "5" }, { nodes: "0", reasons: ["Drifted" as const] }],
    nodes: 10,
    leaving: 0,
    allowed: 5,
  },
  {
    name: "a window that is open counts",
    budgets: [{ nodes: "0", schedule: "0 8 * * mon", duration: "2h" }, { nodes: "4" }],
    nodes: 10,
    leaving: 0,
    allowed: 0,
  },
  {
    name: "a window that is over does not",
    budgets: [{ nodes: "0", schedule: "0 6 * * mon", duration: "2h" }, { nodes: "4" }],
    nodes: 10,
    leaving: 0,
    allowed: 4,
  },
  {
    name: "a schedule that can't be read allows none",
    budgets: [{ nodes: "5", schedule: "every day", duration: "2h" }],
    nodes: 10,
    leaving: 0,
    allowed: 0,
  },
])("$name", ({ budgets, nodes, leaving, allowed }) => {
  expect(allowedDisruptions(budgets, "Empty", nodes, leaving, monday)).toBe(allowed);
});
