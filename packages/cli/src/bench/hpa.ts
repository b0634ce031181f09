import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import type { HpaVector } from "@bellows/hpa";
import { evaluationsPerSecond, type HpaProcessMeasure, hpaBenchSize } from "@bellows/hpa/bench";
import type { BenchRow } from "@bellows/kube/bench";
import { rolldown } from "rolldown";
import { imageEnvironment, imageFlags } from "./image-runtime.ts";
import { benchRow } from "./report.ts";

const root = resolve(import.meta.dirname, "../../../..");
const vectorsFile = join(root, "packages/hpa/vectors/public.jsonl.gz");
const seed = 1;
const processes = 5;
const engineRuns = 5;
const engineMs = 2000;

/**
 * The controller over 5,000 autoscalers and their pods, in a process of its own each time, and the engine alone over the
 * recorded cases.
 */
export async function benchHpa(progress: (line: string) => void): Promise<BenchRow[]> {
  const { autoscalers, podsEach, namespaces } = hpaBenchSize;
  const size = `${autoscalers} autoscalers x ${podsEach} pods`;
  progress(`seed ${seed}; ${size} in ${namespaces} namespaces, through informers, the API server is made up`);
  const measures = await measureProcesses(progress);
  const requests = measures[0]?.requestsInPass ?? {};
  progress(
    `requests in a pass: ${Object.entries(requests)
      .map(([what, count]) => `${count} ${what}`)
      .join(", ")}`,
  );
  const of = (field: Exclude<keyof HpaProcessMeasure, "requestsInPass">) => measures.map((measure) => measure[field]);

  const vectors = recordedCases();
  const engine: number[] = [];
  for (let run = 0; run < engineRuns; run++) engine.push(evaluationsPerSecond(vectors, engineMs));
  const inTree = inTreeEvaluations(progress);
  return [
    benchRow(`${size}: full pass where each status changes, CPU`, "ms", of("changedPassMs"), { atMost: 1000 }),
    benchRow(`${size}: full pass where few do, CPU`, "ms", of("steadyPassMs"), { atMost: 1000 }),
    benchRow("  of which the made-up API server's answers", "ms", of("serverMs")),
    benchRow(`${size}: pass where nothing changed, CPU`, "ms", of("unchangedPassMs"), { atMost: 50 }),
    benchRow(`${size}: start, lists and first syncs, CPU`, "ms", of("startMs")),
    benchRow(`${size}: resident memory of the process after them`, "MiB", of("residentMiB"), { atMost: 300 }),
    benchRow("  at most, at any time", "MiB", of("peakMiB")),
    benchRow("  of which heap in use", "MiB", of("heapMiB")),
    benchRow(`metrics of the ${vectors.length} recorded cases, evaluated by our engine in a second of CPU`, "", engine),
    ...(inTree ? [benchRow("  by the in-tree ReplicaCalculator", "", inTree)] : []),
  ];
}

/** As the image has it, in one file: reading TypeScript takes memory of its own. */
async function measureProcesses(progress: (line: string) => void): Promise<HpaProcessMeasure[]> {
  const folder = mkdtempSync(join(tmpdir(), "bellows-bench-"));
  try {
    const bundle = await rolldown({
      input: join(import.meta.dirname, "hpa-process.ts"),
      platform: "node",
      logLevel: "silent",
    });
    await bundle.write({ dir: folder, format: "esm", entryFileNames: "hpa.mjs", minify: true });
    await bundle.close();
    return Array.from({ length: processes }, (_, run) => {
      progress(`process ${run + 1} of ${processes}`);
      const ran = spawnSync(process.execPath, [...imageFlags(), join(folder, "hpa.mjs"), String(seed)], {
        encoding: "utf8",
        env: imageEnvironment(),
      });
      if (ran.status !== 0) throw new Error(`the bench's process failed: ${ran.stderr}`);
      return JSON.parse(ran.stdout) as HpaProcessMeasure;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** By kube-controller-manager's own code, where there is Go; undefined where it could not be built. */
function inTreeEvaluations(progress: (line: string) => void): number[] | undefined {
  const folder = mkdtempSync(join(tmpdir(), "bellows-bench-"));
  try {
    const program = join(folder, "in-tree");
    progress("building the in-tree ReplicaCalculator");
    const cwd = join(root, "packages/hpa/bench/in-tree");
    const built = spawnSync("go", ["build", "-o", program, "."], { cwd, encoding: "utf8" });
    if (built.status !== 0) {
      const why = built.error ? "there is no Go here" : built.stderr.trim().split("\n").at(-1);
      progress(`the in-tree ReplicaCalculator is left out: ${why}`);
      return undefined;
    }
    return Array.from({ length: engineRuns }, () => {
      const ran = spawnSync(program, [vectorsFile, String(engineMs)], { encoding: "utf8" });
      if (ran.status !== 0) throw new Error(`the in-tree ReplicaCalculator failed: ${ran.stderr}`);
      return (JSON.parse(ran.stdout) as { perSecond: number }).perSecond;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function recordedCases(): HpaVector[] {
  const text = gunzipSync(readFileSync(vectorsFile)).toString();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as HpaVector);
}
