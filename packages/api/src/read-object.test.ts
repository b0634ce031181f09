import { describe, expect, test } from "vitest";
import { z } from "zod";
import { kind } from "./define-kind.ts";
import { Int32, quantity } from "./field.ts";
import { formatProblem, readObject } from "./read-object.ts";

const Widget = kind({
  group: "example.com",
  version: "v1",
  kind: "Widget",
  scope: "Namespaced",
  summary: "For tests.",
  spec: z.object({
    replicas: Int32.min(1).max(5).default(1),
    size: quantity().optional(),
    mode: z.enum(["Fast", "Slow"]).default("Slow"),
    policies: z.array(z.object({ periodSeconds: Int32.min(1).max(1800) })).optional(),
    labels: z.record(z.string(), z.string()).optional(),
    nested: z.object({ on: z.boolean().default(true), name: z.string().optional() }).prefault({ name: "x" }),
  }),
});

const metadata = { name: "w" };
const problemsOf = (spec: unknown) => {
  const result = readObject(Widget, { metadata, spec });
  return result.ok ? [] : result.problems.map(formatProblem);
};

test("defaults are filled in, those within a default too", () => {
  const result = readObject(Widget, { metadata, spec: {} });
  expect(result).toEqual({
    ok: true,
    object: { metadata, spec: { replicas: 1, mode: "Slow", nested: { name: "x", on: true } } },
  });
});

test("fields that are not known stay, null counts as absent", () => {
  const result = readObject(Widget, {
    metadata: { ...metadata, labels: { a: "b" } },
    spec: { replicas: null, color: "red", policies: [{ periodSeconds: 3, more: 1 }], nested: { extra: [] } },
    other: { kept: true },
  });
  expect(result).toEqual({
    ok: true,
    object: {
      metadata: { name: "w", labels: { a: "b" } },
      spec: {
        replicas: 1,
        mode: "Slow",
        color: "red",
        policies: [{ periodSeconds: 3, more: 1 }],
        nested: { on: true, extra: [] },
      },
      other: { kept: true },
    },
  });
});

describe("an error says where, what came and what was expected", () => {
  test.each([
    [{ replicas: 9 }, "spec.replicas: 9, expected at most 5"],
    [{ replicas: "three" }, 'spec.replicas: "three", expected a number'],
    [{ replicas: 1.5 }, "spec.replicas: 1.5, expected a whole number"],
    [
      { policies: [{ periodSeconds: 1 }, { periodSeconds: 3600 }] },
      "spec.policies[1].periodSeconds: 3600, expected at most 1800",
    ],
    [{ policies: [{}] }, "spec.policies[0].periodSeconds: nothing, expected a number"],
    [{ policies: {} }, "spec.policies: {}, expected a list"],
    [{ mode: "fast" }, 'spec.mode: "fast", expected one of "Fast", "Slow"'],
    [{ size: "1 Gi" }, 'spec.size: "1 Gi", expected a quantity such as 100m or 1.5Gi'],
    [{ size: true }, "spec.size: true, expected text or a number"],
    [{ labels: { "a.b/c": 1 } }, 'spec.labels["a.b/c"]: 1, expected text'],
    [undefined, "spec: nothing, expected an object"],
  ])("%j", (spec, message) => {
    expect(problemsOf(spec)).toEqual([message]);
  });
});
