import { expect, test } from "vitest";
import { parseCommandLine, words } from "./command-line.ts";

test("words are split as a shell splits them", () => {
  expect(words(`run x -- /bin/sh -c "while sleep 0.01; do wget -q -O- http://php-apache; done"`)).toEqual([
    "run",
    "x",
    "--",
    "/bin/sh",
    "-c",
    "while sleep 0.01; do wget -q -O- http://php-apache; done",
  ]);
  expect(words(String.raw`patch -p '{"a": 1}' b\ c`)).toEqual(["patch", "-p", '{"a": 1}', "b c"]);
  expect(() => words(`run "x`)).toThrow(`the " is not closed`);
});

test("flags are read in all of kubectl's forms", () => {
  const valued = new Set(["namespace", "min", "filename"]);
  const short = { n: "namespace", i: "stdin", t: "tty", f: "filename" };
  expect(
    parseCommandLine(["deploy/x", "--min=1", "-n", "shop", "-it", "--rm", "--", "sh", "-c"], valued, short),
  ).toEqual({
    positional: ["deploy/x"],
    flags: { min: "1", namespace: "shop", stdin: true, tty: true, rm: true },
    rest: ["sh", "-c"],
  });
});
