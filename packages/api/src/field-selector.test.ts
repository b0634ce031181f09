import { expect, test } from "vitest";
import { parseFieldSelector } from "./field-selector.ts";

const pod: Readonly<Record<string, string>> = {
  "metadata.name": "a",
  "spec.nodeName": "n1",
  "status.phase": "Running",
};
const fieldValue = (field: string) => pod[field] ?? "";

test.each([
  ["", true, ""],
  ["spec.nodeName=n1", true, "spec.nodeName=n1"],
  ["spec.nodeName==n1,status.phase!=Pending", true, "spec.nodeName=n1,status.phase!=Pending"],
  ["status.phase!=Running", false, "status.phase!=Running"],
  ["spec.nodeName=", false, "spec.nodeName="],
  ["metadata.name=a\\,b", false, "metadata.name=a\\,b"],
])("%j", (text, matches, printed) => {
  const selector = parseFieldSelector(text);
  expect(selector.matches(fieldValue)).toBe(matches);
  expect(selector.toString()).toBe(printed);
});

test.each([
  ["name", "invalid selector: 'name'; can't understand 'name'"],
  ["a=b=c", "invalid field selector: unescaped character in value: 61"],
  ["a=b\\x", "invalid field selector: invalid escape sequence: \\x"],
  ["a=b\\", "invalid field selector: invalid escape sequence: \\"],
])("%j is refused in Kubernetes' words", (text, message) => {
  expect(() => parseFieldSelector(text)).toThrow(message);
});

test("gives the one value that a field must have", () => {
  expect(parseFieldSelector("a!=1,b=2").exactValue("b")).toBe("2");
  expect(parseFieldSelector("a!=1,b=2").exactValue("a")).toBeUndefined();
});
