import { describe, expect, test } from "vitest";
import { nodeSelectorTerms, preferredNodeAffinity, requiredNodeAffinity } from "./node-affinity.ts";

const node = { metadata: { name: "n1", labels: { zone: "a", cores: "8", "kubernetes.io/arch": "amd64" } } };
const expression = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, ...(values.length > 0 ? { values } : {}) }],
});

describe("node selector terms", () => {
  test.each([
    ["In", expression("zone", "In", "a", "b"), true],
    ["In, of a label that is missing", expression("rack", "In", "a"), false],
    ["NotIn", expression("zone", "NotIn", "a"), false],
    ["NotIn, of a label that is missing", expression("rack", "NotIn", "a"), true],
    ["Exists", expression("zone", "Exists"), true],
    ["DoesNotExist", expression("zone", "DoesNotExist"), false],
    ["Gt", expression("cores", "Gt", "4"), true],
    ["Lt", expression("cores", "Lt", "4"), false],
    ["a field", { matchFields: [{ key: "metadata.name", operator: "In", values: ["n1"] }] }, true],
    ["another name", { matchFields: [{ key: "metadata.name", operator: "NotIn", values: ["n1"] }] }, false],
    ["a term without requirements", {}, false],
  ])("%s", (_name, term, expected) => {
    expect(nodeSelectorTerms([term])(node)).toBe(expected);
  });

  test("any of which must hold, no terms matching nothing", () => {
    expect(nodeSelectorTerms([expression("zone", "In", "b"), expression("zone", "In", "a")])(node)).toBe(true);
    expect(nodeSelectorTerms([])(node)).toBe(false);
  });

  test("that can't be read count only where no other matches", () => {
    const wrong = expression("zone", "Like", "a");
    expect(nodeSelectorTerms([wrong, expression("zone", "In", "a")])(node)).toBe(true);
    expect(() => nodeSelectorTerms([wrong])(node)).toThrow(
      'nodeSelectorTerms[0].matchExpressions[0].operator: Unsupported value: "Like": supported values: ' +
        '"In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"',
    );
    const two = { matchFields: [{ key: "metadata.name", operator: "In", values: ["a", "b"] }] };
    expect(() => nodeSelectorTerms([two])(node)).toThrow(
      'nodeSelectorTerms[0].matchFields[0].values: Invalid value: ["a","b"]: must have one element',
    );
  });
});

test("a pod's nodeSelector and required affinity must both hold", () => {
  const affinity = (zone: string) => ({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [expression("zone", "In", zone)] },
    },
  });
  expect(requiredNodeAffinity({})(node)).toBe(true);
  expect(requiredNodeAffinity({ nodeSelector: { "kubernetes.io/arch": "amd64" }, affinity: affinity("a") })(node)).toBe(
    true,
  );
  expect(requiredNodeAffinity({ nodeSelector: { "kubernetes.io/arch": "arm64" }, affinity: affinity("a") })(node)).toBe(
    false,
  );
  expect(requiredNodeAffinity({ affinity: affinity("b") })(node)).toBe(false);
});

test("preferences add up their weights", () => {
  const score = preferredNodeAffinity({
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 10, preference: expression("zone", "In", "a") },
          { weight: 5, preference: expression("cores", "Gt", "4") },
          { weight: 80, preference: expression("zone", "In", "b") },
          { weight: 0, preference: expression("zone", "Like", "b") },
          { weight: 7, preference: {} },
        ],
      },
    },
  });
  expect(score(node)).toBe(15);
});
