import type { BenchRow } from "@bellows/kube/bench";
import { benchTable } from "./report.ts";

const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

type Bench = (progress: (line: string) => void) => Promise<BenchRow[]>;

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  async hpa() {
    const { benchHpa } = await import("./hpa.ts");
    return (progress) => benchHpa(progress);
  },
  async "event-scaler"() {
    const { benchEventScaler } = await import("./event-scaler.ts");
    return (progress) => benchEventScaler(monotonicMs, progress);
  },
  async kube() {
    const { benchKube } = await import("@bellows/kube/bench");
    return () => benchKube({ monotonicMs });
  },
  async startup() {
    const { benchStartup } = await import("./startup.ts");
    return (progress) => benchStartup(monotonicMs, progress);
  },
  async sandbox() {
    const { benchSandbox } = await import("./sandbox.ts");
    return (progress) => benchSandbox(monotonicMs, progress);
  },
};

/** Runs a bench by name and prints its table. What it is at is told on `progress`. */
export async function bench(
  name: string,
  print: (line: string) => void,
  progress: (line: string) => void,
): Promise<void> {
  const load = benches[name];
  if (!load) throw new Error(`${name}: no such bench, expected one of ${Object.keys(benches).join(", ")}`);
  const run = await load();
  for (const line of benchTable(await run(progress))) print(line);
}
