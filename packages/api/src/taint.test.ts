import { describe, expect, test } from "vitest";
import { formatTaint, toleratedSeconds, tolerates, untoleratedTaint } from "./taint.ts";

const gpu = { key: "dedicated", value: "gpu", effect: "NoSchedule" };

describe("a toleration covers a taint", () => {
  test.each([
    ["of its key and value", { key: "dedicated", operator: "Equal", value: "gpu" }, true],
    ["of its key and value, Equal being meant", { key: "dedicated", value: "gpu" }, true],
    ["but none of another value", { key: "dedicated", value: "cpu" }, false],
    ["of any value", { key: "dedicated", operator: "Exists" }, true],
    ["of any key", { operator: "Exists" }, true],
    ["of its effect", { operator: "Exists", effect: "NoSchedule" }, true],
    ["but none of another effect", { operator: "Exists", effect: "NoExecute" }, false],
    ["but not with an operator that is not known", { key: "dedicated", operator: "Like", value: "gpu" }, false],
  ])("%s", (_name, toleration, expected) => {
    expect(tolerates(toleration, gpu)).toBe(expected);
  });

  test("by comparison only where that is on", () => {
    const taint = { key: "slo", value: "950", effect: "NoSchedule" };
    expect(tolerates({ key: "slo", operator: "Gt", value: "900" }, taint)).toBe(false);
    expect(tolerates({ key: "slo", operator: "Gt", value: "900" }, taint, true)).toBe(true);
    expect(tolerates({ key: "slo", operator: "Lt", value: "0900" }, taint, true)).toBe(false);
  });
});

test("finds the first taint in the way, of the effects that count", () => {
  const soft = { key: "soft", effect: "PreferNoSchedule" };
  expect(untoleratedTaint([soft, gpu], [])).toBe(gpu);
  expect(untoleratedTaint([soft, gpu], [{ operator: "Exists" }])).toBeUndefined();
  expect(untoleratedTaint([soft], undefined, ["PreferNoSchedule"])).toBe(soft);
});

test("a pod stays as long as its shortest toleration in use", () => {
  const notReady = { key: "node.kubernetes.io/not-ready", effect: "NoExecute" };
  const unreachable = { key: "node.kubernetes.io/unreachable", effect: "NoExecute" };
  const tolerations = [
    { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
    { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  ];
  expect(toleratedSeconds([gpu], [])).toBe(Number.POSITIVE_INFINITY);
  expect(toleratedSeconds([notReady], [])).toBe(0);
  expect(toleratedSeconds([notReady, unreachable], tolerations)).toBe(300);
  expect(toleratedSeconds([unreachable], tolerations)).toBe(Number.POSITIVE_INFINITY);
});

test("is printed as kubectl prints it", () => {
  expect(formatTaint(gpu)).toBe("dedicated=gpu:NoSchedule");
  expect(formatTaint({ key: "dedicated", effect: "NoExecute" })).toBe("dedicated:NoExecute");
});
