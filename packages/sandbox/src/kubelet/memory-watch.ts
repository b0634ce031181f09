import type { Clock, Timer } from "@bellows/kube";
import type { UsageSource } from "../usage/index.ts";
import type { KubeletFleet } from "./kubelet-fleet.ts";

/** As often as metrics are scraped, so that both share one computation of the usage. */
const checkMs = 15_000;

/** The kernel's part: containers that use more memory than their limit are killed (`OOMKilled`, exit code 137). */
export class MemoryWatch {
  readonly #fleet: KubeletFleet;
  readonly #usage: UsageSource;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(fleet: KubeletFleet, usage: UsageSource, clock: Clock) {
    this.#fleet = fleet;
    this.#usage = usage;
    this.#clock = clock;
  }

  start(): void {
    if (this.#timer) return;
    const again = () => {
      this.#timer = this.#clock.after(checkMs, () => {
        this.check();
        again();
      });
    };
    again();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  check(): void {
    for (const { pod, containers } of this.#usage.current().values()) {
      const over = containers.filter(
        ({ memoryBytes, memoryLimitBytes }) => memoryLimitBytes !== undefined && memoryBytes > memoryLimitBytes,
      );
      if (over.length === 0) continue;
      const run = this.#fleet.podRun(pod);
      for (const { name } of over) {
        const container = run?.containers.find((one) => one.name === name);
        if (container) run?.outOfMemory(container);
      }
    }
  }
}
