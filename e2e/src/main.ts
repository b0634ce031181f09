import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chooseDriver, NoControlPlane, startControlPlane } from "./control-plane/find.ts";
import { goTools, has } from "./control-plane/go-tools.ts";
import { type Outcome, runSuite } from "./run-suite.ts";
import type { SuiteContext } from "./suite.ts";
import { suites } from "./suites/index.ts";

const usage = `npm run e2e -- [--only SUITE,...] [--case TEXT] [--kubeconfig FILE] [--allow-skip] [--keep] [--time-limit MINUTES]
suites: ${suites.map(({ name }) => name).join(", ")}`;

const print = (line: string) => void process.stdout.write(`${line}\n`);

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
  let version = "unknown";
  try {
    version = ((await controlPlane.client.raw("/version")) as { gitVersion: string }).gitVersion;
    print(`driver: ${controlPlane.driver}, up after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    const kubectl = has("kubectl", "version", "--client")
      ? "kubectl"
      : ((await goTools(["kubectl"], print))["kubectl"] as string);
    let more = 0;
    const startMore = async () => {
      const own = join(folder, `control-plane-${++more}`);
      mkdirSync(own);
      return startControlPlane(driver, { folder: own, print });
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
    for (const suite of suites) {
      if (only?.includes(suite.name) === false || stopping.signal.aborted) continue;
      const cases = suite.cases.filter((one) => one.name.includes(values.case));
      if (cases.length > 0) outcomes.push(await runSuite({ ...suite, cases }, context));
    }
  } finally {
    await controlPlane.stop();
  }
  const count = (of: "passed" | "failed" | "skipped") => outcomes.reduce((sum, one) => sum + one[of].length, 0);
  const failed = count("failed");
  print("\n# summary");
  print(`driver       ${controlPlane.driver}`);
  print(`kubernetes   ${version}`);
  for (const one of outcomes) {
    const skipped = one.skipped.length > 0 ? `, ${one.skipped.length} skipped` : "";
    const counts = `${one.passed.length} passed, ${one.failed.length} failed${skipped}`;
    print(`${one.suite.padEnd(12)} ${counts}, ${one.seconds.toFixed(0)} s`);
    for (const note of one.notes) print(`             ${note}`);
    for (const name of one.failed) print(`             FAIL ${name}`);
  }
  print(`all          ${count("passed")} passed, ${failed} failed, ${count("skipped")} skipped`);
  print(`time         ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return failed > 0 || stopping.signal.aborted ? 1 : 0;
}

const code = await main().catch((error: unknown) => {
  print(error instanceof Error ? error.message : String(error));
  return 1;
});
process.exit(code);
