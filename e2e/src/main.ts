import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runBeside } from "./beside.ts";
import { chooseDriver, type DriverName, driverNames, NoControlPlane, startControlPlane } from "./control-plane/find.ts";
import { goTools, has } from "./control-plane/go-tools.ts";
import { type Outcome, runAttempts } from "./run-suite.ts";
import type { Suite, SuiteContext } from "./suite.ts";
import { suites } from "./suites/index.ts";
import { summary } from "./summary.ts";

const usage = `npm run e2e -- [--only SUITE,...] [--case TEXT] [--kubeconfig FILE] [--driver ${driverNames.join("|")}] [--allow-skip] [--keep] [--time-limit MINUTES] [--one-by-one] [--attempts N]
suites: ${suites.map(({ name }) => name).join(", ")}`;

/** So many suites run beside the others at a time; each has control planes of its own, and two cores must do. */
const besideAtOnce = 2;

const print = (line: string) => void process.stdout.write(`${line}\n`);

const isDriver = (name: string): name is DriverName => (driverNames as readonly string[]).includes(name);

const orderOf = ({ suite }: Outcome) => suites.findIndex(({ name }) => name === suite);

/** @returns the exit code */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      case: { type: "string", default: "" },
      kubeconfig: { type: "string" },
      driver: { type: "string" },
      "allow-skip": { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      "time-limit": { type: "string", default: "60" },
      "one-by-one": { type: "boolean", default: false },
      attempts: { type: "string", default: "1" },
      // A run beside another tells it what came of it.
      report: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    print(usage);
    return 0;
  }
  const only = values.only?.split(",");
  const unknown = only?.filter((name) => !suites.some((suite) => suite.name === name)) ?? [];
  if (unknown.length > 0) {
    print(`--only: ${unknown.join(", ")}, expected any of ${suites.map(({ name }) => name).join(", ")}`);
    return 1;
  }
  if (values.driver !== undefined && !isDriver(values.driver)) {
    print(`--driver: ${values.driver}, expected any of ${driverNames.join(", ")}`);
    return 1;
  }
  const attempts = Number(values.attempts);
  if (!(Number.isInteger(attempts) && attempts > 0)) {
    print(`--attempts: ${values.attempts}, expected a whole number from 1`);
    return 1;
  }
  const began = performance.now();
  const stopping = new AbortController();
  const end = (why: string, code: number) => {
    // One Ctrl-C comes several times: from the terminal, from npm and from what started this process.
    if (stopping.signal.aborted) return;
    print(why);
    stopping.abort();
    // A case that hangs must not hold the run: processes are ended on exit.
    setTimeout(() => process.exit(code), 15_000).unref();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => end(`stopped by ${signal}`, 1));
  const minutes = Number(values["time-limit"]);
  setTimeout(() => end(`stopped: ${minutes} minutes are over`, 1), minutes * 60_000).unref();

  const folder = mkdtempSync(join(tmpdir(), "bellows-e2e-"));
  // On exit, because a run that is stopped or hangs must leave nothing either.
  process.once("exit", () => {
    if (values.keep) print(`kept ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  });
  const kubeconfig = values.kubeconfig ?? process.env["BELLOWS_E2E_KUBECONFIG"];
  const driver = await chooseDriver({ kubeconfig, only: values.driver, print }).catch((error: unknown) => {
    if (!(error instanceof NoControlPlane)) throw error;
    print(values["allow-skip"] ? `skipped: ${error.message}` : error.message);
    return undefined;
  });
  if (!driver) return values["allow-skip"] ? 0 : 1;
  let controlPlane = await startControlPlane(driver, { folder, print, signal: stopping.signal });
  const { driver: driverText } = controlPlane;
  const outcomes: Outcome[] = [];
  let version = "unknown";
  try {
    version = ((await controlPlane.client.raw("/version")) as { gitVersion: string }).gitVersion;
    print(`driver: ${driverText}, up after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    const kubectl = has("kubectl", "version", "--client")
      ? "kubectl"
      : ((await goTools(["kubectl"], print))["kubectl"] as string);
    let more = 0;
    const startMore = async () => {
      const own = join(folder, `control-plane-${++more}`);
      mkdirSync(own);
      return startControlPlane(driver, { folder: own, print, signal: stopping.signal });
    };
    const context: SuiteContext = {
      controlPlane,
      kubectl,
      folder,
      print,
      note() {},
      signal: stopping.signal,
      // A kubeconfig leads to the same cluster every time.
      ...(driver.name !== "kubeconfig" && { startControlPlane: startMore }),
    };
    const chosen = suites
      .map((suite) => ({ ...suite, cases: suite.cases.filter((one) => one.name.includes(values.case)) }))
      .filter(({ name, cases }) => only?.includes(name) !== false && cases.length > 0);
    // What mostly waits runs beside the rest, if there is a rest and every one can have a control plane of its own.
    const isBeside = ({ beside = false }: Suite) =>
      beside && chosen.length > 1 && context.startControlPlane !== undefined && !values["one-by-one"];
    const flags = ["--case", values.case, "--time-limit", values["time-limit"], ...(values.keep ? ["--keep"] : [])];
    flags.push("--attempts", values.attempts);
    // What runs beside is on the same driver, whatever comes or goes meanwhile.
    if (isDriver(driver.name)) flags.push("--driver", driver.name);
    const options = { folder, flags, print, signal: stopping.signal };
    const besides = chosen.filter(isBeside);
    for (const { name } of besides) print(`${name} runs beside the others, and is shown when it has ended`);
    const waiting = besides.values();
    const workers = Array.from({ length: besideAtOnce }, async () => {
      for (const { name } of waiting) if (!stopping.signal.aborted) outcomes.push(await runBeside(name, options));
    });
    for (const [index, suite] of chosen.filter((one) => !isBeside(one)).entries()) {
      if (stopping.signal.aborted) break;
      const outcome = await runAttempts(suite, attempts, async (attempt) => {
        // What one suite leaves must not fail the next, nor itself.
        if ((index > 0 || attempt > 1) && context.startControlPlane) {
          await controlPlane.stop();
          controlPlane = await context.startControlPlane();
        }
        return { ...context, controlPlane };
      });
      outcomes.push(outcome);
    }
    await Promise.all(workers);
  } finally {
    await controlPlane.stop();
  }
  outcomes.sort((one, other) => orderOf(one) - orderOf(other));
  if (values.report) writeFileSync(values.report, JSON.stringify(outcomes));
  const seconds = (performance.now() - began) / 1000;
  print("");
  for (const line of summary({ driver: driverText, version, outcomes, seconds })) print(line);
  const failed = outcomes.some((one) => one.failed.length > 0);
  return failed || stopping.signal.aborted ? 1 : 0;
}

const code = await main().catch((error: unknown) => {
  print(error instanceof Error ? error.message : String(error));
  return 1;
});
process.exit(code);
