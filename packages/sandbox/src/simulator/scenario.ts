import { durationMs, type FieldProblem, formatProblem } from "@bellows/api";
import { parseDocument } from "yaml";
import { z } from "zod";
import { bellowsControllers } from "../cluster/bellows-controllers.ts";

/** An instant of a run: `00:02:30`, `2m30s`, or `0` for the start. Read as milliseconds since the start. */
const Moment = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const text = String(value);
    const clock = /^(\d+):([0-5]\d):([0-5]\d)$/.exec(text);
    if (clock) return ((Number(clock[1]) * 60 + Number(clock[2])) * 60 + Number(clock[3])) * 1000;
    if (text === "0") return 0;
    try {
      return durationMs(text);
    } catch {
      context.addIssue({ code: "custom", message: "a moment such as 00:02:30 or 2m30s" });
      return z.NEVER;
    }
  })
  .describe("Time since the start of the run.");

/** What a field must be: a value, a range `6-7`, `>=3`, `/pattern/`, `absent` or `present`. */
const Expectation = z.union([z.string(), z.number(), z.boolean()]);

const NodeGroup = z.strictObject({
  name: z.string(),
  instanceType: z.string().default("t3.medium"),
  minSize: z.int().min(0).default(3),
  maxSize: z.int().min(0).default(6),
  desiredCapacity: z.int().min(0).default(3),
});

const World = z.strictObject({
  region: z.string().default("us-east-1"),
  nodeGroups: z
    .array(NodeGroup)
    .default([{ name: "ng1", instanceType: "t3.medium", minSize: 3, maxSize: 6, desiredCapacity: 3 }]),
  controllers: z.array(z.enum(bellowsControllers)).default([...bellowsControllers]),
  clusterName: z.string().default("bellows"),
});

const Source = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe("Without a query: whatever is asked there gets the same answer."),
  answer: z.unknown().optional().describe("Text, or anything that is sent as JSON."),
  status: z.int().min(100).max(599).optional(),
  down: z.enum(["refused", "silent"]).optional().describe("Nobody listens, or whoever does never answers."),
});

const Action = z
  .strictObject({
    at: Moment,
    kubectl: z
      .string()
      .optional()
      .describe("A command line, without the word kubectl. Files are relative to the scenario."),
    apply: z.string().optional().describe("A manifest file or folder, relative to the scenario."),
    manifest: z.unknown().optional().describe("An object to apply, written here."),
    interruptSpot: z.string().optional().describe("A node whose spot instance gets its two minutes' notice."),
    noCapacity: z.strictObject({ instanceType: z.string(), zone: z.string().optional(), for: Moment }).optional(),
    source: Source.optional().describe("What a server that triggers ask by HTTP answers from now on."),
  })
  .refine((action) => Object.keys(action).length === 2, { error: "at, and exactly one action" });

const Check = z
  .strictObject({
    name: z.string().optional(),
    by: Moment.optional().describe("Holds at some moment up to this one, and is looked at no more."),
    at: Moment.optional().describe("Holds at this moment."),
    from: Moment.optional().describe("With until: holds all the time between both."),
    until: Moment.optional(),
    after: Moment.optional().describe("With by: not looked at before this moment."),
    object: z.string().optional().describe("KIND/NAME, such as deployment/php-apache."),
    namespace: z.string().default("default"),
    count: z.string().optional().describe("KIND whose objects are counted; with selector, only those under it."),
    selector: z.string().optional(),
    expect: z
      .union([Expectation, z.record(z.string(), Expectation)])
      .optional()
      .describe("A count, or fields by path."),
    event: z
      .strictObject({ reason: z.string(), object: z.string().optional(), message: Expectation.optional() })
      .optional()
      .describe("An Event that is there."),
    log: z.strictObject({ message: z.string(), fields: z.record(z.string(), Expectation).optional() }).optional(),
  })
  .refine((check) => [check.by, check.at, check.until].filter((each) => each !== undefined).length === 1, {
    error: "exactly one of by, at, and until (with from)",
  })
  .refine(
    (check) => [check.object, check.count, check.event, check.log].filter((each) => each !== undefined).length === 1,
    {
      error: "exactly one of object, count, event and log",
    },
  );

const Scenario = z.strictObject({
  name: z.string().describe("What it shows, in a sentence."),
  seed: z.int().min(0).default(1),
  startAt: z.iso
    .datetime()
    .default("2026-01-05T00:00:00Z")
    .describe("The virtual time at 00:00:00 of the run; the cluster is ten minutes old by then."),
  runFor: Moment.describe("How long the run is."),
  world: World.prefault({}),
  actions: z.array(Action).default([]),
  checks: z.array(Check).min(1),
});

/** A world, timed actions on it, and checks of what becomes of it. */
export type Scenario = z.output<typeof Scenario>;
export type ScenarioAction = Scenario["actions"][number];
export type ScenarioCheck = Scenario["checks"][number];
export type ScenarioWorld = Scenario["world"];
export type ExpectedValue = z.output<typeof Expectation>;

/** A scenario file that can't be used; each problem is `path: found, expected`. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";

  constructor(file: string, problems: readonly string[]) {
    super(`${file}:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
  }
}

/** @throws ScenarioError with every problem of the file */
export function parseScenario(text: string, file: string): Scenario {
  const document = parseDocument(text);
  if (document.errors.length > 0)
    throw new ScenarioError(
      file,
      document.errors.map((error) => error.message),
    );
  const value: unknown = document.toJS();
  const result = Scenario.safeParse(value);
  if (result.success) return result.data;
  throw new ScenarioError(
    file,
    result.error.issues.map((issue) => formatProblem(problemOf(issue, value))),
  );
}

function problemOf(issue: z.core.$ZodIssue, root: unknown): FieldProblem {
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    return {
      path: pathText([...issue.path, key]),
      found: shown(valueAt(root, [...issue.path, key])),
      expected: "no such field",
    };
  }
  // What is expected, without zod's own sentence around it.
  const expected =
    /^Invalid (?:input|option): expected (.*?)(?:, received .*)?$/.exec(issue.message)?.[1] ?? issue.message;
  return { path: pathText(issue.path), found: shown(valueAt(root, issue.path)), expected };
}

const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");

const valueAt = (root: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], root);

function shown(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
