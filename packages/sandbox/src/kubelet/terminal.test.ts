import { expect, test } from "vitest";
import { typedEnd } from "./terminal.ts";

async function* typed(...pieces: string[]): AsyncIterable<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

const generator = {
  name: "c",
  image: "busybox",
  args: ["/bin/sh", "-c", "while sleep 0.01; do wget -q -O- http://x; done"],
};
const shell = { name: "c", image: "busybox", args: ["sh"], stdin: true, tty: true };
const server = { name: "c", image: "nginx" };

test.each([
  ["Ctrl-C ends a script", generator, ["abc", "\u0003"], 130],
  ["a server that obeys signals ends well", server, ["\u0003"], 0],
  ["what is typed at a script is nothing to it", generator, ["exit\r", "\u0004"], undefined],
  ["exit ends a shell", shell, ["ls\rex", "it\r"], 0],
  ["with the code that it names", shell, ["exit 3\n"], 3],
  ["Ctrl-D ends a shell on an empty line only", shell, ["l\u0004", "s\r", "\u0004"], 0],
  ["Ctrl-C only drops the line of a shell", shell, ["exit", "\u0003", "\r"], undefined],
])("%s", async (_, container, pieces, exitCode) => {
  expect(await typedEnd(container, typed(...pieces))).toBe(exitCode);
});
