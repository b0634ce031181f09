import type { ApiObject } from "../api-object.ts";

/** What a store was when it was last written down. */
export interface SavedState {
  readonly revision: number;
  readonly objects: Iterable<readonly [collection: string, key: string, object: ApiObject]>;
}
