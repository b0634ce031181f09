import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { answers, freePorts, hasProgram, startServer } from "@bellows/triggers/test-servers/server-process";
import { serveNumber } from "./number-server.ts";
import type { TriggerSource } from "./trigger-source.ts";

/** A Prometheus server that scrapes a target of ours each second. */
export const prometheus: TriggerSource = {
  name: "prometheus: a query",
  missing: () => (hasProgram("prometheus", "--version") ? undefined : "prometheus (apt-get install prometheus)"),
  async start(folder) {
    const target = await serveNumber((value) => `# TYPE jobs gauge\njobs ${value}\n`);
    const [port] = await freePorts(1);
    const settings = join(folder, "prometheus.yml");
    const scraped = { job_name: "jobs", static_configs: [{ targets: [`127.0.0.1:${target.port}`] }] };
    writeFileSync(settings, JSON.stringify({ global: { scrape_interval: "1s" }, scrape_configs: [scraped] }));
    const args = [`--config.file=${settings}`, `--storage.tsdb.path=${join(folder, "data")}`];
    const address = `127.0.0.1:${port}`;
    const logFile = join(folder, "prometheus.log");
    const server = startServer("prometheus", [...args, `--web.listen-address=${address}`], logFile);
    await answers(server, logFile, async () => {
      const ready = await fetch(`http://${address}/-/ready`);
      if (!ready.ok) throw new Error(await ready.text());
    });
    return {
      ...server,
      trigger: {
        type: "prometheus",
        metadata: { serverAddress: `http://${address}`, query: "sum(jobs)", threshold: "1" },
      },
      async setWork(pieces) {
        target.value = pieces;
      },
      async stop() {
        await server.stop();
        await target.stop();
      },
    };
  },
};
