import fc from "fast-check";
import { expect, test } from "vitest";
import { JsonLines } from "./json-lines.ts";

test("however a stream is cut into chunks, its values come out whole and in order", () => {
  fc.assert(
    fc.property(fc.array(fc.json({ stringUnit: "binary" })), fc.array(fc.nat(400)), (texts, cuts) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(""));
      const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const lines = new JsonLines();
      const values = at.slice(1).flatMap((end, index) => [...lines.push(bytes.subarray(at[index], end))]);
      expect([...values, ...lines.end()]).toEqual(texts.map((text) => JSON.parse(text)));
    }),
  );
});

test("a last line without its newline counts where it is whole", () => {
  const lines = new JsonLines();
  expect([...lines.push(Buffer.from('{"a":1}\n{"b":2}'))]).toEqual([{ a: 1 }]);
  expect([...lines.end()]).toEqual([{ b: 2 }]);
  const cut = new JsonLines();
  expect([...cut.push(Buffer.from('{"a":'))]).toEqual([]);
  expect([...cut.end()]).toEqual([]);
});

test("a line that is no JSON is an error", () => {
  expect(() => [...new JsonLines().push(Buffer.from("<html>\n"))]).toThrow(SyntaxError);
});
