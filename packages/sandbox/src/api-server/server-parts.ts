import type { Clock, Logger, Random } from "@bellows/kube";
import type { TokenKey } from "./access/access.ts";
import type { UserInfo } from "./api-request.ts";
import type { ClusterAccess } from "./cluster-access.ts";
import type { ResourceRegistry } from "./resource-registry.ts";
import type { Admission } from "./rest/admission-hook.ts";
import type { Store } from "./store.ts";
import type { StrategyContext } from "./strategies/strategy.ts";
import type { PodStreams } from "./subresources/pod-streams.ts";

/** What the handlers of requests share. */
export interface ServerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly store: Store;
  readonly registry: ResourceRegistry;
  readonly admission: Admission;
  readonly access: ClusterAccess;
  /** What tokens of service accounts are signed with. */
  readonly tokenKey: TokenKey;
  readonly podStreams: PodStreams;
}

export const strategyContext = (parts: ServerParts, user: UserInfo, dryRun: boolean): StrategyContext => ({
  store: parts.store,
  clock: parts.clock,
  random: parts.random,
  user,
  dryRun,
});
