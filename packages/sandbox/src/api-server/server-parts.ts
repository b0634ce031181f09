import type { Clock, Logger, Random } from "@bellows/kube";
import type { UserInfo } from "./api-request.ts";
import type { ResourceRegistry } from "./resource-registry.ts";
import type { Store } from "./store.ts";
import type { StrategyContext } from "./strategies/strategy.ts";
import type { Admission } from "./rest/admission-hook.ts";
import type { FieldTracking } from "./rest/field-tracking.ts";
import type { PodStreams } from "./subresources/pod-streams.ts";

/** What the handlers of requests share. */
export interface ServerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly store: Store;
  readonly registry: ResourceRegistry;
  readonly admission: Admission;
  readonly fieldTracking: FieldTracking;
  readonly podStreams: PodStreams;
}

export const strategyContext = (parts: ServerParts, user: UserInfo, dryRun: boolean): StrategyContext => ({
  store: parts.store,
  clock: parts.clock,
  random: parts.random,
  user,
  dryRun,
});
