import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chooseDriver, NoControlPlane, startControlPlane } from "./control-plane/find.ts";
import { goTools, has } from "./control-plane/go-tools.ts";
import type { Suite, SuiteContext } from "./suite.ts";
import { suites } from "./suites/index.ts";

const usage = `npm run e2e -- [--only SUITE,...] [--case TEXT] [--kubeconfig FILE] [--allow-skip] [--keep] [--time-limit MINUTES]
suites: ${suites.map(({ name }) => name).join(", ")}`;

const print = (line: string) => void process.stdout.write(`${line}\n`);

interface Outcome {
  readonly suite: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
}

const textOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));

async function runSuite({ name, cases, start }: Suite, context: SuiteContext): Promise<Outcome> {
  print(`\n# ${name}`);
  const outcome = { suite: name, passed: 0, failed: 0, skipped: 0, seconds: 0 };
  const began = performance.now();
  const since = (from: number) => (performance.now() - from) / 1000;
  let finish: (() => Promise<void>) | undefined;
  try {
    finish = await start?.(context);
    await Promise.all(
      [...Map.groupBy(cases, ({ lane = "" }) => lane).values()].map(async (lane) => {
        for (const one of lane) {
          if (context.signal.aborted) return;
          const missing = one.missing?.();
          if (missing !== undefined) {
            outcome.skipped++;
            print(`  skip  ${one.name}: this machine has no ${missing}`);
            continue;
          }
          const from = performance.now();
          const failure = await one.run(context).then(() => undefined, textOf);
          if (failure === undefined) outcome.passed++;
          else outcome.failed++;
          print(`  ${failure === undefined ? "ok  " : "FAIL"}  ${one.name} (${since(from).toFixed(1)} s)`);
          if (failure !== undefined) print(failure.replaceAll(/^/gm, "        "));
        }
      }),
    );
  } catch (error) {
    outcome.failed++;
    print(`  FAIL  ${name} did not start: ${textOf(error)}`);
  } finally {
    await finish?.().catch((error: unknown) => print(`  ${name} did not end as it should: ${textOf(error)}`));
  }
  outcome.seconds = since(began);
  return outcome;
}

/** @returns the exit code */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      case: { type: "string", default: "" },
      kubeconfig: { type: "string" },
      "allow-skip": { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      "time-limit": { type: "string", default: "60" },
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
  const began = performance.now();
  const stopping = new AbortController();
  const end = (why: string, code: number) => {
    print(why);
    stopping.abort();
    // A case that hangs must not hold the run: processes are ended on exit.
    setTimeout(() => process.exit(code), 15_000).unref();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(`stopped by ${signal}`, 1));
  const minutes = Number(values["time-limit"]);
  setTimeout(() => end(`stopped: ${minutes} minutes are over`, 1), minutes * 60_000).unref();

  const folder = mkdtempSync(join(tmpdir(), "bellows-e2e-"));
  // On exit, because a run that is stopped or hangs must leave nothing either.
  process.once("exit", () => {
    if (values.keep) print(`kept ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  });
  const kubeconfig = values.kubeconfig ?? process.env["BELLOWS_E2E_KUBECONFIG"];
  const driver = await chooseDriver(kubeconfig).catch((error: unknown) => {
    if (!(error instanceof NoControlPlane)) throw error;
    print(values["allow-skip"] ? `skipped: ${error.message}` : error.message);
    return undefined;
  });
  if (!driver) return values["allow-skip"] ? 0 : 1;
  const controlPlane = await startControlPlane(driver, { folder, print });
  const outcomes: Outcome[] = [];
  try {
    print(`driver: ${controlPlane.driver}, up after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    const kubectl = has("kubectl", "version", "--client")
      ? "kubectl"
      : ((await goTools(["kubectl"], print))["kubectl"] as string);
    const context = { controlPlane, kubectl, folder, print, signal: stopping.signal };
    for (const suite of suites) {
      if (only?.includes(suite.name) === false || stopping.signal.aborted) continue;
      const cases = suite.cases.filter((one) => one.name.includes(values.case));
      if (cases.length > 0) outcomes.push(await runSuite({ ...suite, cases }, context));
    }
  } finally {
    await controlPlane.stop();
  }
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const skipped = outcomes.reduce((sum, outcome) => sum + outcome.skipped, 0);
  const counts = (one: Pick<Outcome, "passed" | "failed" | "skipped">) =>
    `${one.passed} passed, ${one.failed} failed${one.skipped > 0 ? `, ${one.skipped} skipped` : ""}`;
  print("\n# summary");
  print(`driver   ${controlPlane.driver}`);
  for (const one of outcomes) print(`suite    ${one.suite}: ${counts(one)}, ${one.seconds.toFixed(0)} s`);
  print(`cases    ${counts({ passed, failed, skipped })}`);
  print(`time     ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return failed > 0 || stopping.signal.aborted ? 1 : 0;
}

const code = await main().catch((error: unknown) => {
  print(error instanceof Error ? error.message : String(error));
  return 1;
});
process.exit(code);
