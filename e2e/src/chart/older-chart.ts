import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chart } from "./chart.ts";

/** Gives `use` the chart of a release whose ScaledObjects had a field of another name: `pollingInterval` came later. */
export async function withOlderChart(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bellows-older-chart-"));
  try {
    cpSync(chart, folder, { recursive: true });
    const file = join(folder, "charts/crds/templates/keda.sh_scaledobjects.yaml");
    const text = readFileSync(file, "utf8");
    const older = text.replace("pollingInterval:", "pollInterval:");
    if (older === text) throw new Error(`${file}: no pollingInterval, expected one`);
    writeFileSync(file, older);
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
