import { type BenchRow, benchKube } from "@bellows/kube";
import { machine } from "./bench/machine.ts";
import { benchTable, isMet } from "./bench/measure.ts";
import { benchScale } from "./bench/sandbox-scale.ts";
import { benchStart, benchWalkThrough } from "./bench/sandbox-start.ts";
import { benchWatch } from "./bench/sandbox-watch.ts";

export const benches = ["kube", "sandbox"] as const;
export type BenchName = (typeof benches)[number];

const scale = { nodes: 500, deployments: 10, replicas: 500 };
const watchLoad = { eventsPerSecond: 2000, watchers: 20, seconds: 5 };
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

/**
 * Measures, and prints a table with the machine it was measured on and with what.
 * @returns whether every target was met
 */
export async function bench(name: BenchName, runs: number, print: (line: string) => void): Promise<boolean> {
  print(`# ${name}, ${runs} runs`);
  print(`# ${machine()}`);
  print(`# ${inputs[name]}`);
  const rows = await measures[name](runs);
  for (const line of benchTable(rows)) print(line);
  return rows.every(isMet);
}

const inputs: Readonly<Record<BenchName, string>> = {
  kube: "100000 pods of 3 KB, numbered, in pages of JSON; 1000 keys x 100 rounds in virtual time",
  sandbox:
    `seeds 1, 2, ... of the runs; ${scale.nodes} nodes, ${scale.deployments} Deployments of ${scale.replicas} pods, in real time; ` +
    `${watchLoad.eventsPerSecond} patches a second of 200 ConfigMaps for ${watchLoad.seconds} s`,
};

const measures: Readonly<Record<BenchName, (runs: number) => Promise<BenchRow[]>>> = {
  kube: (runs) => benchKube({ monotonicMs: nowMs, runs }),
  sandbox: async (runs) => [
    await benchStart(runs, nowMs),
    await benchWalkThrough(runs, nowMs),
    ...(await benchScale(runs, scale, nowMs)),
    ...(await benchWatch(runs, watchLoad, nowMs)),
  ],
};
