import { expect, test } from "vitest";
import { shellScript, unrolled } from "./shell-script.ts";

test.each([
  ["for i in 1 2; do echo $i; sleep 1; done", "echo 1; sleep 1; echo 2; sleep 1"],
  ["for i in $(seq 2 3); do echo $i-x; done; echo end", "echo 2-x; echo 3-x; echo end"],
  ["for name in 'a' \"b\"\ndo\n  echo $name\ndone", "echo a; echo b"],
  ["for i in {1..2}; do echo $i $index; done", "echo 1 $index; echo 2 $index"],
  ["for f in *.txt; do cat $f; done", "for f in *.txt; do cat $f; done"],
  ["while true; do echo x; sleep 1; done", "while true; do echo x; sleep 1; done"],
  ["for i in $(seq 100000); do echo $i; done", "for i in $(seq 100000); do echo $i; done"],
])("%j is written out as %j", (script, expected) => {
  expect(unrolled(script)).toBe(expected);
});

test("a loop over a list lasts as long as all its rounds", () => {
  expect(shellScript(["sh", "-c", "for i in 1 2 3; do sleep 10; done"])?.lifetimeMs).toBe(30_000);
});
