import { join } from "node:path";
import type { BenchRow } from "@bellows/kube";
import { scenario } from "../scenario.ts";
import { measured } from "./measure.ts";
import { root, startProcess } from "./sandbox-process.ts";

/** `npm start` until it is ready, with everything installed. */
export async function benchStart(runs: number, nowMs: () => number): Promise<BenchRow> {
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    const sandbox = await startProcess("npm", [], nowMs);
    seconds.push(sandbox.readyMs / 1000);
    await sandbox.stop();
  }
  return measured("npm start to ready, 3 nodes", "s", seconds, { atMost: 3 });
}

/** The walk-through of the HorizontalPodAutoscaler in virtual time, in this process. */
export async function benchWalkThrough(runs: number, nowMs: () => number): Promise<BenchRow> {
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    const startedAt = nowMs();
    const lines: string[] = [];
    const ok = await scenario(join(root, "examples/hpa/scenario.yaml"), (line) => lines.push(line));
    if (!ok) throw new Error(`the scenario failed, its time means nothing:\n${lines.join("\n")}`);
    seconds.push((nowMs() - startedAt) / 1000);
  }
  return measured("examples/hpa/scenario.yaml", "s", seconds, { atMost: 5 });
}
