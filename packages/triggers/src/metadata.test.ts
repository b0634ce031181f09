import { expect, test } from "vitest";
import { z } from "zod";
import {
  duration,
  flag,
  float,
  integer,
  integerRanges,
  list,
  type MetadataSchema,
  oneOf,
  pairs,
  readMetadata,
  text,
  urlValues,
} from "./metadata.ts";

const sources = (given: {
  metadata?: Record<string, string>;
  resolvedEnv?: Record<string, string>;
  authParams?: Record<string, string>;
}) => ({ type: "testScaler", name: "", metadata: {}, resolvedEnv: {}, authParams: {}, ...given });

const read = <Shape extends z.ZodRawShape>(shape: Shape, given: Parameters<typeof sources>[0]) =>
  readMetadata(z.object(shape) as MetadataSchema, sources(given)).values;

function problem(shape: z.ZodRawShape, metadata: Record<string, string>): string | undefined {
  try {
    read(shape, { metadata });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test("values come from the metadata, the environment and the credentials", () => {
  const shape = {
    stringVal: text(),
    intVal: integer(),
    boolVal: flag().meta({ from: ["resolvedEnv"] }),
    floatVal: float().meta({ from: ["resolvedEnv"] }),
    auth: text().meta({ from: ["authParams"] }),
  };
  const given = {
    metadata: { stringVal: " value1\n", intVal: "1", boolValFromEnv: "BOOL", floatValFromEnv: "FLOAT" },
    resolvedEnv: { BOOL: "true", FLOAT: "1.1" },
    authParams: { auth: "secret" },
  };
  expect(read(shape, given)).toEqual({ stringVal: "value1", intVal: 1, boolVal: true, floatVal: 1.1, auth: "secret" });
});

test("the first source that has a text wins, in the order of the parameter", () => {
  const shape = {
    a: text().meta({ from: ["resolvedEnv", "triggerMetadata"] }),
    b: integer().meta({ from: ["triggerMetadata", "resolvedEnv"] }),
    c: float().meta({ from: ["resolvedEnv", "triggerMetadata"] }),
    d: text().meta({ from: ["triggerMetadata", "authParams"] }),
  };
  const given = {
    metadata: { a: "one", b: "1", bFromEnv: "B", c: "1.1", cFromEnv: "C", d: "  " },
    resolvedEnv: { A: "two", B: "2", C: "2.2" },
    authParams: { d: "kept" },
  };
  expect(read(shape, given)).toEqual({ a: "one", b: 1, c: 2.2, d: "kept" });
});

test("every name of a parameter is looked for", () => {
  const shape = { property: text().meta({ names: ["property1", "property2"] }) };
  expect(read(shape, { metadata: { property2: "b" } })).toEqual({ property: "b" });
  expect(problem(shape, {})).toBe('missing required parameter "property1,property2" in [triggerMetadata]');
});

test("what is left out has its default, or is not there", () => {
  const shape = { a: flag().default(true), b: text().default("d"), c: text().optional() };
  expect(read(shape, {})).toEqual({ a: true, b: "d" });
});

test("a group's parameters are optional where it is, and it is judged as a whole", () => {
  const group = z.object({
    username: text().meta({ from: ["authParams"] }),
    password: text().meta({ from: ["authParams"] }),
  });
  const judged = group.optional().meta({
    validate: (values: Readonly<Record<string, unknown>>) => (values["password"] ? undefined : "no password"),
  });
  expect(read({ basic: group.optional() }, { authParams: { username: "u" } })).toEqual({ basic: { username: "u" } });
  expect(problem({ basic: group }, {})).toBe(
    'missing required parameter "username" in [authParams]\nmissing required parameter "password" in [authParams]',
  );
  expect(problem({ basic: judged }, {})).toBe("no password");
});

test.each([
  ["a list", list(text()), "1, 2,3", ["1", "2", "3"]],
  ["a list with another separator", list(integer(), ";"), "1;2", [1, 2]],
  ["ranges", integerRanges(), "5-7, 9", [5, 6, 7, 9]],
  ["a range with dots", integerRanges(".."), "2..4", [2, 3, 4]],
  ["a range backwards, which is empty", integerRanges(".."), "5..3", []],
  ["pairs", pairs(), "key1=1, key2 = 2", { key1: "1", key2: "2" }],
  ["a query", urlValues(), "a=1&b=2&a=3", { a: ["1", "3"], b: ["2"] }],
  ["milliseconds", duration(), "1000", 1000],
  ["a duration", duration(), "30s", 30_000],
  ["no duration", duration(), "0", 0],
  ["words of a list", list(oneOf("x", "y")), "x, y", ["x", "y"]],
  ["a number with an exponent", float(), "1e3", 1000],
  ["True", flag(), "True", true],
  ["0", flag(), "0", false],
])("reads %s", (_, schema, value, expected) => {
  expect(read({ value: schema }, { metadata: { value } })).toEqual({ value: expected });
});

const ofFloat = "unable to unmarshal to field type float64: ";
const ofInt = "unable to unmarshal to field type int64: ";

test.each([
  [float(), "aa", `${ofFloat}invalid character 'a' looking for beginning of value`],
  [float(), "one", `${ofFloat}invalid character 'o' looking for beginning of value`],
  [float(), "1x", `${ofFloat}invalid character 'x' after top-level value`],
  [float(), "01", `${ofFloat}invalid character '1' after top-level value`],
  [float(), "-a", `${ofFloat}invalid character 'a' in numeric literal`],
  [float(), "1.", `${ofFloat}unexpected end of JSON input`],
  [float(), "1.x", `${ofFloat}invalid character 'x' after decimal point in numeric literal`],
  [float(), "1e", `${ofFloat}unexpected end of JSON input`],
  [float(), "NaN", `${ofFloat}invalid character 'N' looking for beginning of value`],
  [float(), "nan", `${ofFloat}invalid character 'a' in literal null (expecting 'u')`],
  [float(), "tru", `${ofFloat}unexpected end of JSON input`],
  [float(), "true", `${ofFloat}json: cannot unmarshal bool into Go value of type float64`],
  [float(), '"5"', `${ofFloat}json: cannot unmarshal string into Go value of type float64`],
  [float(), "1e999", `${ofFloat}json: cannot unmarshal number 1e999 into Go value of type float64`],
  [integer(), "1.5", `${ofInt}json: cannot unmarshal number 1.5 into Go value of type int64`],
  [
    integer(),
    "9223372036854775808",
    `${ofInt}json: cannot unmarshal number 9223372036854775808 into Go value of type int64`,
  ],
  [flag(), "yes", 'unable to parse boolean value "yes": strconv.ParseBool: parsing "yes": invalid syntax'],
  [duration(), "-1", "duration cannot be negative: -1 milliseconds"],
  [duration(), "-1s", 'duration cannot be negative: "-1s"'],
  [
    duration(),
    "a",
    `unable to parse duration value "a": must be either a duration string (e.g. '30s', '5m') or a number of milliseconds`,
  ],
  [pairs(), "a=1,b", 'expected format key=value, got "b"'],
  [pairs(), "a=1=2", 'expected format key=value, got "a=1=2"'],
  [list(integer()), "1,x", `slice element 1: ${ofInt}invalid character 'x' looking for beginning of value`],
  [integerRanges(), "1-2-3", 'slice element 0: expected format start-end, got "1-2-3"'],
  [
    integerRanges(),
    "1-x",
    `slice element 0: unable to parse end value "x": ${ofInt}invalid character 'x' looking for beginning of value`,
  ],
  [integerRanges(), "1-9999999999", "slice element 0: more than 100000 numbers"],
])("refuses %# in upstream's words", (schema, value, reason) => {
  expect(problem({ value: schema }, { value })).toBe(
    `unable to set param "value" value ${JSON.stringify(value)}: ${reason}`,
  );
});

test("names the words that a parameter may have", () => {
  expect(problem({ value: oneOf("v1", "v2") }, { value: "v3" })).toBe(
    'parameter "value" value "v3" must be one of [v1 v2]',
  );
  expect(problem({ value: list(oneOf("v1", "v2")) }, { value: "v1, v3" })).toBe(
    'parameter "value" value "v1, v3" must be one of [v1 v2]',
  );
});

test("at most one word of an exclusive set may be in a list", () => {
  const shape = { value: list(integer()).meta({ exclusiveSet: ["1", "4", "5"] }) };
  expect(problem(shape, { value: "1,2,3" })).toBeUndefined();
  expect(problem(shape, { value: "1,4" })).toBe('parameter "value" value "1,4" must contain only one of [1 4 5]');
});

test("a parameter that was removed is refused where it is given, one that goes is told", () => {
  expect(problem({ old: text().optional().meta({ removed: "Use new instead." }) }, { old: "1" })).toBe(
    "scaler testScaler info: Use new instead.",
  );
  const going = z.object({ old: text().optional().meta({ deprecatedAnnounce: "Use new soon." }) });
  expect(readMetadata(going, sources({ metadata: { old: "1" } })).notices).toEqual([
    { type: "Normal", message: "scaler testScaler info: Use new soon." },
  ]);
});

test("metadata that nothing reads is told", () => {
  const schema = z.object({ known: text(), nested: z.object({ inner: text() }).optional() });
  const metadata = { known: "1", innerFromEnv: "I", knwon: "2", otherFromEnv: "O" };
  expect(readMetadata(schema, sources({ metadata })).notices.map(({ message }) => message)).toEqual([
    "Unmatched input property knwon in scaler testScaler",
    "Unmatched input property otherFromEnv in scaler testScaler",
  ]);
});

test("no credential is repeated in a message", () => {
  const shape = { limit: integer().meta({ from: ["authParams"] }), kind: oneOf("a").meta({ from: ["authParams"] }) };
  const run = () => read(shape, { authParams: { limit: "hunter2", kind: "hunter3" } });
  expect(run).toThrow('unable to set param "limit" value "***"\nparameter "kind" value "***" must be one of [a]');
});
