import { describe, expect, test } from "vitest";
import { formatLabelSelector, parseSelector, SelectorError, selectorOf, selectorOfLabels } from "./label-selector.ts";

const messageOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof SelectorError) return error.message;
    throw error;
  }
  return undefined;
};

describe("the selector syntax", () => {
  test.each([
    ["", ""],
    ["app=web", "app=web"],
    ["tier in (b, a),app==web", "app==web,tier in (a,b)"],
    ["!debug,canary", "canary,!debug"],
    ["env notin ()", "env notin ()"],
    ["x in (foo,,baz),y", "x in (,baz,foo),y"],
    ["cores>4,cores<9", "cores>4,cores<9"],
    ["a!=b", "a!=b"],
    ["a=", "a="],
    ["in in (in)", "in in (in)"],
  ])("%j is printed as %j", (text, printed) => {
    expect(parseSelector(text).toString()).toBe(printed);
  });

  test.each([
    ["app=web,", "found '', expected: identifier after ','"],
    ["app=web tier", "found 'tier', expected: ',' or 'end of string'"],
    ["=web", "found '=', expected: !, identifier, or 'end of string'"],
    ["app in web", "unable to parse requirement: found 'web' expected: '('"],
    ["app ~ web", "unable to parse requirement: found '~', expected: in, notin, =, ==, !=, gt, lt"],
    [
      "cores>many",
      "unable to parse requirement: values[0]: Invalid value: \"many\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
    [
      "app=-x",
      'unable to parse requirement: values[0][app]: Invalid value: "-x": a valid label must be an empty string or consist of ' +
        "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or " +
        "'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
    [
      "-a",
      "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of alphanumeric characters, '-', '_' or " +
        "'.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for " +
        "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ])("%j is refused in Kubernetes' words", (text, message) => {
    expect(messageOf(() => parseSelector(text))).toBe(message);
  });
});

describe("selecting by labels", () => {
  const labels = { app: "web", tier: "a", cores: "8" };
  test.each([
    ["app=web", true],
    ["app=db", false],
    ["app!=db", true],
    ["missing!=db", true],
    ["tier in (a,b)", true],
    ["tier notin (a,b)", false],
    ["missing notin (a)", true],
    ["app", true],
    ["!app", false],
    ["!missing", true],
    ["cores>4", true],
    ["cores>8", false],
    ["cores<9", true],
    ["app>4", false],
    ["app=web,tier=b", false],
    ["", true],
  ])("%j: %s", (text, expected) => {
    expect(parseSelector(text).matches(labels)).toBe(expected);
  });

  test("labels named like parts of every object are only there when they are set", () => {
    expect(parseSelector("constructor").matches({})).toBe(false);
    expect(parseSelector("!toString").matches(undefined)).toBe(true);
  });
});

describe("a LabelSelector", () => {
  test("that is missing selects nothing, an empty one everything", () => {
    expect(selectorOf(undefined).matches({ a: "b" })).toBe(false);
    expect(selectorOf({}).matches(undefined)).toBe(true);
  });

  test("joins labels and expressions", () => {
    const selector = selectorOf({
      matchLabels: { app: "web" },
      matchExpressions: [
        { key: "tier", operator: "In", values: ["b", "a"] },
        { key: "debug", operator: "DoesNotExist" },
      ],
    });
    expect(selector.toString()).toBe("app=web,!debug,tier in (a,b)");
    expect(selector.matches({ app: "web", tier: "b" })).toBe(true);
    expect(selector.matches({ app: "web", tier: "b", debug: "" })).toBe(false);
    expect(selector.exactValue("app")).toBe("web");
  });

  test("that can't be read is refused in Kubernetes' words", () => {
    expect(messageOf(() => selectorOf({ matchExpressions: [{ key: "a", operator: "Like", values: ["b"] }] }))).toBe(
      '"Like" is not a valid label selector operator',
    );
    expect(messageOf(() => selectorOf({ matchExpressions: [{ key: "a", operator: "In" }] }))).toBe(
      "values: Invalid value: null: for 'in', 'notin' operators, values set can't be empty",
    );
  });

  test("is printed as kubectl prints it", () => {
    expect(formatLabelSelector({})).toBe("<none>");
    expect(formatLabelSelector({ matchLabels: { b: "2", a: "1" } })).toBe("a=1,b=2");
    expect(formatLabelSelector({ matchExpressions: [{ key: "a", operator: "Like" }] })).toBe("<error>");
  });
});

test("a plain map of labels asks for all of them", () => {
  expect(selectorOfLabels({ a: "1", b: "2" }).matches({ a: "1", b: "2", c: "3" })).toBe(true);
  expect(selectorOfLabels({ a: "1", b: "2" }).matches({ a: "1" })).toBe(false);
});
