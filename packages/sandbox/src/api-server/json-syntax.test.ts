import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonProblem } from "./json-syntax.ts";

test.each([
  ["", "unexpected end of JSON input"],
  ["{", "unexpected end of JSON input"],
  ['{"a":"b', "unexpected end of JSON input"],
  ["hello", "invalid character 'h' looking for beginning of value"],
  ["{a:1}", "invalid character 'a' looking for beginning of object key string"],
  ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":"b" "c"}', "invalid character '\"' after object key:value pair"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ["[1 2]", "invalid character '2' after array element"],
  ['{"a":[1,}', "invalid character '}' looking for beginning of value"],
  ["{}}", "invalid character '}' after top-level value"],
  ["tru}", "invalid character '}' in literal true (expecting 'e')"],
  ["01", "invalid character '1' after top-level value"],
  ["-a", "invalid character 'a' in numeric literal"],
  ["1.x", "invalid character 'x' after decimal point in numeric literal"],
  ["1ex", "invalid character 'x' in exponent of numeric literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['"\n"', "invalid character '\\n' in string literal"],
])("%j: %s", (text, problem) => expect(jsonProblem(text)).toBe(problem));

test("nothing is wrong with what JSON.parse takes, and something with what it refuses", () => {
  const texts = fc.oneof(fc.json(), fc.string({ unit: fc.constantFrom(...'{}[]",:\\01.eE+-tfn u') }));
  fc.assert(
    fc.property(texts, (text) => {
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      expect(jsonProblem(Buffer.from(text).toString("latin1")) === undefined).toBe(valid);
    }),
  );
});
