import { expect, test } from "vitest";
import { differences } from "./difference.ts";

const head = "failed to create typed patch object (/a; /v1, Kind=ConfigMap): ";
const several = (...problems: string[]) => `${head}errors:\n${problems.map((one) => `  ${one}`).join("\n")}`;
const undeclared = ".extra: field not declared in schema";
const note = ".metadata.annotations.note: expected string, got &value.valueUnstructured{Value:1}";
const label = ".metadata.labels.x: expected string, got &value.valueUnstructured{Value:1}";

test.each([
  ["in another order", several(note, undeclared), several(undeclared, note), true],
  ["a field that is not declared hides the others", head + undeclared, several(note, undeclared), true],
  ["one is missing though none is undeclared", head + note, several(note, label), false],
  ["each tells what the other does not", several(note, undeclared), several(label, undeclared), false],
  ["another object", head + undeclared, (head + undeclared).replace("/a;", "/b;"), false],
  ["other texts", "a", "b", false],
])("problems of an applied configuration: %s", (_, real, sandbox, alike) => {
  expect(differences({ message: real }, { message: sandbox }).length === 0).toBe(alike);
  expect(differences({ message: sandbox }, { message: real }).length === 0).toBe(alike);
});
