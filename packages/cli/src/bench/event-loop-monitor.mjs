// Loaded by `--import` into a process that is measured: answers every message of its parent with what it has used.
import { monitorEventLoopDelay } from "node:perf_hooks";

const resolutionMs = 10;
const delay = monitorEventLoopDelay({ resolution: resolutionMs });
delay.enable();

process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send({
    // What lies between two samples is no delay.
    delayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - resolutionMs),
    delayMostMs: Math.max(0, delay.max / 1e6 - resolutionMs),
    rssMebibytes: process.memoryUsage.rss() / 2 ** 20,
    mostRssMebibytes: process.resourceUsage().maxRSS / 2 ** 10,
    cpuMs: (user + system) / 1000,
  });
  delay.reset();
});
// Nobody is left to ask, or to stop it.
process.on("disconnect", () => process.exit());
// The channel must not keep the process alive.
process.channel.unref();
