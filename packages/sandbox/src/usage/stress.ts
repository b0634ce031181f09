import { bytesOf } from "@bellows/api";
import type { ContainerProgram } from "./container-program.ts";

const mib = 1024 ** 2;
/** A worker of `stress --vm` that keeps its memory (`--vm-hang`) hardly needs CPU. */
const hangingWorkerMillis = 60;

/** `stress` and `stress-ng` (polinux/stress, ...) and `vish/stress`, by their arguments; undefined for another program. */
export function stressProgram(image: string, words: readonly string[]): ContainerProgram | undefined {
  const named = words.findIndex((word) => /^(?:\/\S*\/)?stress(?:-ng)?$/.test(word));
  if (named < 0 && image !== "stress" && image !== "stress-ng") return undefined;
  const args = words.slice(named + 1);
  const flag = (...names: string[]): string | undefined => {
    for (const [index, arg] of args.entries()) {
      const [name, value] = arg.split("=", 2);
      if (name && names.includes(name)) return value ?? args[index + 1];
    }
    return undefined;
  };

  const cpuWorkers = Number(flag("--cpu", "-c") ?? 0) * (Number(flag("--cpu-load", "-l") ?? 100) / 100);
  const cpus = Number(flag("-cpus") ?? 0);
  const vmWorkers = Number(flag("--vm", "-m") ?? 0);
  const vmMillis = flag("--vm-hang", "--vm-keep") === undefined ? 1000 : hangingWorkerMillis;
  const memory = vmWorkers * sizeBytes(flag("--vm-bytes") ?? "256M") + sizeBytes(flag("-mem-total") ?? "0");
  const timeout = flag("--timeout", "-t");
  return {
    lifetimeMs: timeout === undefined ? undefined : seconds(timeout) * 1000,
    exitCode: 0,
    obeysTerm: true,
    load: {
      kind: "burn",
      cpuMillis: Math.round((cpuWorkers + cpus) * 1000 + vmWorkers * vmMillis),
      memoryBytes: memory + 2 * mib,
    },
  };
}

/** Sizes as `stress` takes them (`150M`, `1G`: binary), or as a quantity (`1Gi`). */
function sizeBytes(text: string): number {
  const match = /^(\d+)([bkmg])?$/i.exec(text);
  if (!match) return bytesOrNone(text);
  const power = "bkmg".indexOf((match[2] ?? "b").toLowerCase());
  return Number(match[1]) * 1024 ** power;
}

function bytesOrNone(text: string): number {
  try {
    return bytesOf(text);
  } catch {
    return 0;
  }
}

function seconds(text: string): number {
  const match = /^(\d+)([smhdy])?$/.exec(text);
  const scale = { s: 1, m: 60, h: 3600, d: 86_400, y: 31_536_000 }[match?.[2] ?? "s"] ?? 1;
  return Number(match?.[1] ?? 0) * scale;
}
