import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { triggerTypeOf, triggerTypes } from "./catalogue.ts";
import { triggersPage } from "./reference.ts";
import { problemOf } from "./trigger.fixture.ts";

test("a type that is not known is refused by its name", async () => {
  expect(await problemOf("no-such-thing", {})).toBe("no scaler found for type: no-such-thing");
});

test("every name leads to one type", () => {
  const names = triggerTypes.flatMap(({ types }) => types);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(triggerTypeOf(name)?.types).toContain(name);
});

test("the reference is current", () => {
  expect(readFileSync(new URL("../../../docs/reference/triggers.md", import.meta.url), "utf8")).toBe(triggersPage());
});

test("every parameter says what it is for", () => {
  expect(triggersPage()).not.toMatch(/^\| `.*\| +\|$/m);
});
