import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Client } from "@bellows/kube";
import {
  applyObjects,
  clockTime,
  objectsOf,
  observe,
  type ScenarioAction,
  type ScenarioCheck,
} from "@bellows/sandbox/simulator";
import type { SuiteContext } from "../suite.ts";
import { type Example, stage } from "./example.ts";
import { readManifests } from "./example-files.ts";
import { HttpSources } from "./http-sources.ts";
import { moveSchedule } from "./moved-schedule.ts";

/** A real control plane and a busy machine are slower than virtual time. */
const slackMs = 90_000;
/** What is to hold for long is watched for this long only: real time is dear. */
const heldForMs = 20_000;
/** A check `at` a moment waits for it, up to this long after the action before it. */
const longestWaitMs = 30_000;

export interface WalkThrough {
  readonly example: Example;
  /** Log lines of the controllers, as checks of logs ask for them. */
  readonly logLines: () => readonly string[];
}

/**
 * Runs the scenario of an example in real time: its actions by kubectl, its checks as they come true. Nothing waits
 * longer than it must: the next action comes when the checks before it hold. Throws with every check that failed.
 */
export async function walkThrough({ example, logLines }: WalkThrough, context: SuiteContext): Promise<void> {
  const { controlPlane, print, signal } = context;
  const { client } = controlPlane;
  const { name } = example;
  const folder = join(context.folder, "example");
  const { actions, checks, world } = example.scenario;
  const logs = { components: () => [name], of: () => logLines().map((text) => ({ at: 0, text })) };
  const began = performance.now();
  const tell = (text: string) => print(`      ${clockTime(performance.now() - began)} ${name}: ${text}`);
  const endOf = ({ by, at, until }: ScenarioCheck) => by ?? at ?? until ?? 0;
  // An action comes after the checks whose time ends with it.
  const steps = [
    ...checks.map((check) => ({ moment: endOf(check), rank: 0, check, action: undefined })),
    ...actions.map((action) => ({ moment: action.at, rank: action.at === 0 ? -1 : 1, check: undefined, action })),
  ].sort((one, other) => one.moment - other.moment || one.rank - other.rank);

  const failures: string[] = [];
  let last = { moment: 0, at: performance.now() };
  const sources = await HttpSources.open(actions);
  const atNow = () => stage(example, folder, (text) => moveSchedule(sources.rewritten(text), Date.now()));
  try {
    await follow();
  } finally {
    // While the controller still runs: it has finalizers to take away.
    for (const what of made(actions)) {
      const flags = "--ignore-not-found --timeout 60s";
      await kubectl(`${context.kubectl} --kubeconfig '${controlPlane.kubeconfig}' delete ${flags} ${what}`, folder);
    }
    await sources.close();
  }
  if (failures.length > 0) throw new Error(failures.join("\n"));

  async function follow() {
    for (const { moment, check, action } of steps) {
      if (signal.aborted) throw new Error("the run was stopped");
      if (action) {
        tell(`> ${textOf(action)}`);
        atNow();
        if (action.source) await sources.set(action.source);
        else await act(action, folder, world.clusterName, context);
        last = { moment, at: performance.now() };
        continue;
      }
      if (check.at !== undefined)
        await pause(Math.min(moment - last.moment, longestWaitMs) - (performance.now() - last.at), signal);
      const held = check.until !== undefined;
      // Never beyond its end, counted from the action before it.
      const limit = held ? Math.min(heldForMs, Math.max(1000, moment - last.moment)) : moment - last.moment + slackMs;
      const { met, seen } = await watchCheck(check, limit, held, { client, logs, signal });
      tell(`${met ? "ok  " : "FAIL"} ${check.name}: ${seen}`);
      if (!met) failures.push(`${check.name}: ${seen}`);
    }
  }
}

/** What actions leave in a cluster, as `kubectl delete` takes it. */
function made(actions: readonly ScenarioAction[]): string[] {
  const files = actions.flatMap(({ apply }) => (apply === undefined ? [] : [`-f ${apply}`]));
  const commands = actions.flatMap(({ kubectl: line }) => line ?? []);
  const autoscales = commands.some((line) => line.startsWith("autoscale "));
  const namespaces = commands.flatMap((line) => /^create namespace (\S+)/.exec(line)?.[1] ?? []);
  return [
    ...(files.length > 0 ? [files.join(" ")] : []),
    ...(autoscales ? ["hpa --all"] : []),
    ...namespaces.map((name) => `namespace ${name}`),
  ];
}

interface Watching {
  readonly client: Client;
  readonly logs: Parameters<typeof observe>[2];
  readonly signal: AbortSignal;
}

/** Looks each second until the check is met, or, where it must hold all the time, until it is not. */
async function watchCheck(check: ScenarioCheck, limitMs: number, held: boolean, { client, logs, signal }: Watching) {
  let seen = { met: false, seen: "nothing" };
  for (
    const until = performance.now() + limitMs;
    performance.now() < until && !signal.aborted;
    await pause(1000, signal)
  ) {
    seen = await observe(check, client, logs).catch((error: unknown) => ({ met: false, seen: String(error) }));
    if (seen.met !== held) break;
  }
  return seen;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}

function textOf({ kubectl, apply, source }: ScenarioAction): string {
  if (kubectl !== undefined) return `kubectl ${kubectl}`;
  return apply === undefined ? JSON.stringify(source ?? "manifest") : `apply ${apply}`;
}

async function act(action: ScenarioAction, folder: string, clusterName: string, context: SuiteContext): Promise<void> {
  const { client, kubeconfig } = context.controlPlane;
  if (action.kubectl !== undefined) {
    // Nobody is at a terminal: what would be attached runs by itself.
    const words = action.kubectl.replace(/ -i --tty\b/, "").replace(/ --rm\b/, "");
    await kubectl(`${context.kubectl} --kubeconfig '${kubeconfig}' ${words}`, folder);
  } else if (action.apply !== undefined) {
    const objects = objectsOf(readManifests(join(folder, action.apply)), { CLUSTER_NAME: clusterName });
    await applyObjects(client, objects, "default", "kubectl");
  } else if (action.manifest !== undefined) {
    await applyObjects(client, [action.manifest as never], "default", "kubectl");
  } else throw new Error(`${Object.keys(action).join(", ")}: only the sandbox can do this`);
}

/** A scenario's command line is quoted for a shell. */
function kubectl(line: string, cwd: string): Promise<void> {
  const child = spawn("sh", ["-c", line], { cwd, stdio: ["ignore", "pipe", "pipe"], timeout: 90_000 });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (code) => (code === 0 ? done() : fail(new Error(`${line}: ${output.trim()}`))));
  });
}
