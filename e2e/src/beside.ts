import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "./run-suite.ts";

export interface BesideOptions {
  /** Where its log and what came of it go. */
  readonly folder: string;
  /** Flags of this run that are its too. */
  readonly flags: readonly string[];
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Runs a suite as a process of its own, with a control plane of its own. What it says is printed when it has ended. */
export async function runBeside(suite: string, { folder, flags, print, signal }: BesideOptions): Promise<Outcome> {
  const report = join(folder, `${suite}.json`);
  const main = join(import.meta.dirname, "main.ts");
  const args = [...process.execArgv, main, "--only", suite, "--report", report, ...flags];
  const log = join(folder, `${suite}.log`);
  const output = openSync(log, "a");
  const child = spawn(process.execPath, args, { stdio: ["ignore", output, output] });
  // It ends what it has started itself.
  const end = () => child.kill("SIGTERM");
  signal.addEventListener("abort", end);
  process.once("exit", end);
  const code = await new Promise<number | null>((done) => child.once("close", done));
  closeSync(output);
  signal.removeEventListener("abort", end);
  process.removeListener("exit", end);
  // Its summary is part of this run's.
  print(readFileSync(log, "utf8").split("\n# summary\n")[0]?.trimEnd() ?? "");
  if (existsSync(report)) return (JSON.parse(readFileSync(report, "utf8")) as readonly Outcome[])[0] as Outcome;
  print(`  FAIL  ${suite} ended with code ${code}`);
  return { suite, passed: [], failed: ["its process"], skipped: [], notes: [], seconds: 0 };
}
