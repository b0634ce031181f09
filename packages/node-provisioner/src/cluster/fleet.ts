import type { NodeProvider } from "../provider/node-provider.ts";
import { Indexes } from "./indexes.ts";
import { Nominations } from "./nominations.ts";
import { LegacyNodeClasses } from "./pools.ts";

/** What the controllers of one process share besides the cluster itself. Nothing of it must survive a restart. */
export interface Fleet {
  readonly provider: NodeProvider;
  readonly indexes: Indexes;
  readonly nominations: Nominations;
  readonly legacy: LegacyNodeClasses;
  /** Claims that this process made: an instance of them can't have been launched by another one before. */
  readonly ownClaims: Set<string>;
}

export function createFleet(provider: NodeProvider, defaultInstanceProfile: string): Fleet {
  return {
    provider,
    indexes: new Indexes(),
    nominations: new Nominations(),
    legacy: new LegacyNodeClasses(defaultInstanceProfile),
    ownClaims: new Set(),
  };
}
