import { Event as EventKind } from "@bellows/api";
import { seededRandom, VirtualClock } from "@bellows/kube";
import { MetricSources, type SourceState } from "../cluster/metric-sources.ts";
import { createWorld, type World } from "../cluster/world.ts";
import { type Observation, observe } from "./check.ts";
import { runKubectl } from "./kubectl.ts";
import { applyObjects, type Files, objectsOf } from "./manifests.ts";
import type { Scenario, ScenarioAction, ScenarioCheck } from "./scenario.ts";
import { clockTime, type TimelineEntry } from "./timeline.ts";

export interface ScenarioRun {
  readonly passed: number;
  readonly failed: number;
  /** Virtual milliseconds that passed. */
  readonly ranMs: number;
}

/** Checks are looked at this often, in virtual time. */
const observePeriodMs = 1000;

/**
 * Runs a scenario in virtual time: the same file and seed give the same entries.
 * @param report  called with each entry, in order
 */
export async function runScenario(
  scenario: Scenario,
  files: Files,
  report: (entry: TimelineEntry) => void,
): Promise<ScenarioRun> {
  const startAt = Date.parse(scenario.startAt);
  const clock = new VirtualClock(startAt - settleMs);
  const sources = new MetricSources(clock);
  const random = seededRandom(scenario.seed);
  const world = createWorld({ ...scenario.world, clock, random, http: sources.exchange });
  await driving(clock, world.start());

  // The cluster was there before: at the start its nodes are ready and nothing is left to do.
  await clock.runUntil(() => world.isSettled(), startAt);
  await clock.run(startAt - clock.now());
  const begunAt = clock.now();
  const elapsed = () => clock.now() - begunAt;
  await followDecisions(world, elapsed, report);

  const pending = scenario.checks.map((check) => new RunningCheck(check));
  const moments = momentsOf(scenario);
  for (const moment of moments) {
    await clock.run(begunAt + moment - clock.now());
    for (const action of scenario.actions.filter((each) => each.at === moment)) {
      report({ at: moment, kind: "action", text: textOf(action) });
      await driving(clock, act(action, world, sources, files));
    }
    for (const check of pending) await check.look(moment, world, report);
  }
  for (const check of pending) check.end(elapsed(), report);
  await driving(clock, world.stop());
  const passed = pending.filter((check) => check.passed).length;
  return { passed, failed: pending.length - passed, ranMs: elapsed() };
}

const settleMs = 10 * 60_000;

/** Waits for work that needs time to pass, letting no more of it pass than it needs. */
async function driving<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  done.catch(() => {});
  await clock.runUntil(() => isDone);
  return done;
}

/** Every second, and every moment that an action or a check names. */
function momentsOf({ runFor, actions, checks }: Scenario): number[] {
  const named = [
    ...actions.map((action) => action.at),
    ...checks.flatMap(({ by, at, from, until, after }) => [by, at, from, until, after]),
  ];
  const moments = new Set<number>([runFor]);
  for (const moment of named) if (moment !== undefined && moment <= runFor) moments.add(moment);
  for (let moment = 0; moment < runFor; moment += observePeriodMs) moments.add(moment);
  return [...moments].sort((a, b) => a - b);
}

function textOf({ at: _, ...action }: ScenarioAction): string {
  const [[name, value] = ["", ""]] = Object.entries(action);
  return name === "kubectl"
    ? `kubectl ${value}`
    : `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`;
}

async function act(action: ScenarioAction, world: World, sources: MetricSources, files: Files): Promise<void> {
  const { client, clusterName } = world;
  const variables = { CLUSTER_NAME: clusterName };
  if (action.kubectl !== undefined) await runKubectl(action.kubectl, { client, files, variables });
  else if (action.apply !== undefined)
    await applyObjects(client, objectsOf(files.read(action.apply), variables), "default", "kubectl");
  else if (action.manifest !== undefined) await applyObjects(client, [action.manifest as never], "default", "kubectl");
  else if (action.interruptSpot !== undefined) await world.interruptSpot(action.interruptSpot);
  else if (action.noCapacity !== undefined) {
    const { instanceType, zone, for: ms } = action.noCapacity;
    world.withholdCapacity({ instanceType, ...(zone !== undefined && { zone }), ms });
  } else if (action.source !== undefined) {
    const { url, ...state } = action.source;
    sources.set(url, state as SourceState);
  }
}

/** Controllers whose Events are decisions; what pods and nodes say of themselves is not one. */
const deciding = /autoscaler|karpenter|provision|disruption|nodeclaim|deployment-controller/;

async function followDecisions(
  world: World,
  elapsed: () => number,
  report: (entry: TimelineEntry) => void,
): Promise<void> {
  const { items } = await world.client.listAll(EventKind);
  const told = new Map(items.map((event) => [event.metadata.name, event.count ?? 1]));
  world.client.watch(EventKind, {
    event: (event) => {
      if (event.type !== "ADDED" && event.type !== "MODIFIED") return;
      const object = event.object as unknown as EventKind;
      const source = object.source?.component ?? object.reportingComponent ?? "";
      const count = object.count ?? 1;
      const name = object.metadata.name;
      if (!deciding.test(source) || (told.get(name) ?? 0) >= count) return;
      told.set(name, count);
      const { kind = "", name: subject = "", namespace } = object.involvedObject;
      report({
        at: elapsed(),
        kind: "decision",
        object: `${kind.toLowerCase()}/${namespace && namespace !== "default" ? `${namespace}/` : ""}${subject}`,
        reason: object.reason ?? "",
        text: object.message ?? "",
      });
    },
    end: () => {},
  });
  world.logs.follow((component, { text }) => {
    const line = JSON.parse(text) as Record<string, unknown>;
    if (line["level"] !== "INFO" || !loggedDecisions.test(String(line["message"]))) return;
    const { level: _level, time: _time, logger: _logger, message, controller: _controller, ...fields } = line;
    report({ at: elapsed(), kind: "decision", object: component, reason: String(message), text: fieldsText(fields) });
  });
}

/** Log lines that say what was done to nodes; the rest of the decisions has Events. */
const loggedDecisions = /nodeclaim|machine|launched|provisionable|disrupting|deleted node/;

const fieldsText = (fields: Record<string, unknown>) =>
  Object.entries(fields)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");

/** A check while its scenario runs: undecided until it holds, fails, or its time is over. */
class RunningCheck {
  readonly #check: ScenarioCheck;
  #last: Observation | undefined;
  #outcome: boolean | undefined;

  constructor(check: ScenarioCheck) {
    this.#check = check;
  }

  get passed(): boolean {
    return this.#outcome === true;
  }

  async look(moment: number, world: World, report: (entry: TimelineEntry) => void): Promise<void> {
    const { by, at, from = 0, until, after } = this.#check;
    if (this.#outcome !== undefined) return;
    if (at !== undefined && moment !== at) return;
    if (until !== undefined && (moment < from || moment > until)) return;
    if (after !== undefined && moment < after) return;
    const seen = await observe(this.#check, world.client, world.logs);
    this.#last = seen;
    if (at !== undefined) this.#decide(seen.met, moment, seen.seen, report);
    else if (until !== undefined) {
      if (!seen.met) this.#decide(false, moment, seen.seen, report);
      else if (moment === until) this.#decide(true, moment, `${seen.seen}, from ${clockTime(from)} on`, report);
    } else if (seen.met) {
      this.#decide(true, moment, seen.seen, report);
    } else if (moment === by) this.#decide(false, moment, seen.seen, report);
  }

  end(elapsed: number, report: (entry: TimelineEntry) => void): void {
    if (this.#outcome === undefined)
      this.#decide(false, elapsed, this.#last?.seen ?? "the run was over before it was looked at", report);
  }

  #decide(passed: boolean, at: number, seen: string, report: (entry: TimelineEntry) => void): void {
    this.#outcome = passed;
    report({ at, kind: "check", passed, name: nameOf(this.#check), seen });
  }
}

function nameOf(check: ScenarioCheck): string {
  if (check.name !== undefined) return check.name;
  const subject =
    check.object ?? check.count ?? (check.event ? `event ${check.event.reason}` : `log line "${check.log?.message}"`);
  return check.expect === undefined ? subject : `${subject} ${JSON.stringify(check.expect)}`;
}
