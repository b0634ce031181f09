import type { NodesOptions } from "@bellows/sandbox";

/** Machines that are Ready some 10 s after their launch instead of 40, and gone as soon: real time is dear. */
export const quickMachines = {
  ec2Timing: {
    pending: { fromMs: 1_000, toMs: 2_000 },
    boot: { fromMs: 3_000, toMs: 5_000 },
    shutdown: { fromMs: 4_000, toMs: 8_000 },
  },
  kubeletTiming: { cni: { fromMs: 1_000, toMs: 2_000 } },
} as const satisfies Partial<NodesOptions>;
