import { describe, expect, test } from "vitest";
import { type ValueFormat, valueAt } from "./value-location.ts";

const json = '{"components":[{"id":"82328e93e","tasks":32,"str":"64","k":"1k","wrong":"NaN","on":true}],"count":2.43}';
const yaml = "{components: [{id: 82328e93e, tasks: 32, str: '64', k: 1k, wrong: NaN, on: true}], count: 2.43}";
const xml =
  '<?xml version="1.0"?><stats unit="jobs"><queue kind="fast">7</queue><size>1k</size><deep><a>3</a></deep></stats>';
const exposition = `# HELP backend_queue_size Total number of items
	# TYPE backend_queue_size counter
	backend_queue_size{queueName="zero"} 0
	backend_queue_size{queueName="one"} 1
	backend_queue_size{queueName="two", instance="random"} 2
	backend_queue_size{queueName="two", instance="zero"} 20 1700000000000
	strange{text="a } b, \\"c\\"=d"} +Inf\r
	random_metric 10`;

describe("finds a number", () => {
  test.each<[string, ValueFormat, string, string, number]>([
    ["at a key", "json", json, "count", 2.43],
    ["in a list", "json", json, "components.0.tasks", 32],
    ["in a text", "json", json, "components.0.str", 64],
    ["in a quantity", "json", json, "components.0.k", 1000],
    ["that a path counts", "json", json, "components.#", 1],
    ["at a key", "yaml", yaml, "count", 2.43],
    ["in a list", "yaml", yaml, "components.0.tasks", 32],
    ["in a text", "yaml", yaml, "components.0.str", 64],
    ["in a quantity", "yaml", yaml, "components.0.k", 1000],
    ["before the path's end", "yaml", yaml, "count.more", 2.43],
    ["from the root element on", "xml", xml, "stats.size", 1000],
    ["within the root element", "xml", xml, "deep.a", 3],
    ["in an element with attributes", "xml", xml, "queue", 7],
    ["without labels", "prometheus", exposition, "random_metric", 10],
    ["by a label", "prometheus", exposition, 'backend_queue_size{queueName="one"}', 1],
    ["of the first series that fits", "prometheus", exposition, 'backend_queue_size{queueName="two"}', 2],
    ["by two labels", "prometheus", exposition, `backend_queue_size{queueName="two", instance='zero'}`, 20],
    ["by a label that differs", "prometheus", exposition, 'backend_queue_size{queueName!="zero"}', 1],
    ["by a pattern", "prometheus", exposition, 'backend_queue_size{queueName=~"t.*",instance!~"r.*"}', 20],
    ["by its name as a label", "prometheus", exposition, '{__name__="random_metric"}', 10],
    ["behind a label with every kind of sign", "prometheus", exposition, 'strange{text="a } b, \\"c\\"=d"}', Infinity],
  ])("%s (%s)", async (_, format, body, location, value) => {
    expect(await valueAt(body, location, format)).toBe(value);
  });
});

describe("refuses", () => {
  const numeric = "must point to a numeric value or a string parseable as a Quantity";
  test.each<[ValueFormat, string, string, string]>([
    [
      "json",
      json,
      "components.0.wrong",
      'valueLocation "components.0.wrong" points to a string that is not parseable as a Quantity',
    ],
    ["json", json, "nothing", `valueLocation "nothing" ${numeric}, got Null`],
    ["json", json, "components", `valueLocation "components" ${numeric}, got JSON`],
    ["json", json, "components.0.on", `valueLocation "components.0.on" ${numeric}, got True`],
    ["json", '{"a":""}', "a", 'valueLocation "a" points to a string that is not parseable as a Quantity'],
    [
      "yaml",
      yaml,
      "components.0.wrong",
      'valueLocation "components.0.wrong" points to a string that is not parseable as a Quantity',
    ],
    ["yaml", yaml, "components.0.on", `valueLocation "components.0.on" ${numeric}, got bool`],
    ["yaml", yaml, "components.9", "key '9' not found in path 'components.9'"],
    ["yaml", yaml, "components", "path 'components' does not lead to a value"],
    ["yaml", "a: null", "a", `valueLocation "a" ${numeric}, got <nil>`],
    ["xml", xml, "stats.none", "key 'none' not found in path 'stats.none'"],
    ["prometheus", exposition, "no_metric", "metric 'no_metric' not found"],
    ["prometheus", exposition, 'random_metric{a="b"}', 'value random_metric{a="b"} not found'],
    [
      "prometheus",
      exposition,
      "backend_queue_size{invalid=test}",
      'valueLocation "backend_queue_size{invalid=test}": expected label="value" at "invalid=test"',
    ],
    ["prometheus", "<html>", "a", 'prometheus format parsing error: line 1: "<html>"'],
    ["prometheus", "a{b=c} 1", "a", 'prometheus format parsing error: line 1: "a{b=c} 1"'],
  ])("%s %#", async (format, body, location, message) => {
    await expect(valueAt(body, location, format)).rejects.toThrow(new Error(message));
  });

  test.each<[ValueFormat, string, RegExp]>([
    ["json", "<html>", /^the answer is no JSON: /],
    ["yaml", "a: [", /^the answer is no YAML: /],
    ["xml", "<a><b></a>", /^the answer is no XML: line 1: /],
  ])("what is no %s", async (format, body, message) => {
    await expect(valueAt(body, "a", format)).rejects.toThrow(message);
  });

  test("a YAML that grows without end", async () => {
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x]",
      ...[..."bcdefgh"].map((name, index) => {
        const before = "abcdefg"[index];
        return `${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`;
      }),
    ].join("\n");
    await expect(valueAt(bomb, "h", "yaml")).rejects.toThrow("the answer is no YAML");
  });
});
