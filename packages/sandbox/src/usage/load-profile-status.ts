import {
  type LoadProfile,
  LoadProfile as LoadProfileKind,
  Quantity,
  Service,
  setCondition,
  stableJson,
} from "@bellows/api";
import { type Cache, type Client, type Clock, isNotFound, type Logger, type Timer, timestamp } from "@bellows/kube";
import { isTargeted } from "./load-target.ts";
import { type PodUsage, seriesProblem } from "./usage-model.ts";
import type { UsageSource } from "./usage-source.ts";

const writeMs = 15_000;
const mib = 1024 ** 2;

export interface LoadProfileStatusOptions {
  readonly client: Client;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly log: Logger;
  readonly usage: UsageSource;
}

/** Says in the status of each LoadProfile how many pods it is about and what they use, and what is wrong with it. */
export class LoadProfileStatus {
  readonly #options: LoadProfileStatusOptions;
  #timer: Timer | undefined;

  constructor(options: LoadProfileStatusOptions) {
    this.#options = options;
    options.cache.informer(LoadProfileKind);
  }

  start(): void {
    if (this.#timer) return;
    const again = () => {
      this.#timer = this.#options.clock.after(writeMs, () => {
        void this.write();
        again();
      });
    };
    again();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Writes the statuses that differ. */
  async write(): Promise<void> {
    const { client, cache, clock, log, usage } = this.#options;
    const profiles = cache.list(LoadProfileKind);
    if (profiles.length === 0) return;
    const pods = [...usage.current().values()];
    const serviceOf = (namespace: string, name: string) => cache.get(Service, { namespace, name });
    for (const profile of profiles) {
      const targeted = pods.filter(({ pod }) => isTargeted(profile, pod, serviceOf));
      const status = statusOf(profile, targeted, clock.now());
      if (stableJson(status) === stableJson(profile.status)) continue;
      const { name, namespace = "default" } = profile.metadata;
      try {
        await client.patch(
          LoadProfileKind,
          { namespace, name },
          { type: "merge", body: { status } },
          { subresource: "status" },
        );
      } catch (error) {
        if (!isNotFound(error)) log.warn("load profile status was not written", { profile: name, namespace, error });
      }
    }
  }
}

/** Rounded to millis and MiB, so that noise below that writes nothing. */
function statusOf(
  profile: LoadProfile,
  targeted: readonly PodUsage[],
  now: number,
): NonNullable<LoadProfile["status"]> {
  const { spec, metadata, status } = profile;
  const containers = targeted.flatMap((usage) =>
    usage.containers.filter(({ name }) => spec.container === undefined || name === spec.container),
  );
  const cpuMillis = Math.round(containers.reduce((sum, { cpuMillis }) => sum + cpuMillis, 0));
  const memoryMiB = Math.round(containers.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) / mib);
  const problem = seriesProblem(profile, now);
  const valid = {
    type: "Valid",
    status: problem === undefined ? "True" : "False",
    reason: problem === undefined ? "SeriesReadable" : "InvalidSeries",
    message: problem ?? "",
    lastTransitionTime: timestamp(now),
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
  } as const;
  return {
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
    pods: targeted.length,
    cpu: Quantity.ofMilli(cpuMillis).toString(),
    memory: Quantity.ofBytes(memoryMiB * mib).toString(),
    conditions: [...setCondition(status?.conditions, valid, now)],
  };
}
