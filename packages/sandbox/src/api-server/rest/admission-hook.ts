import type { ApiObject } from "../api-object.ts";
import type { RequestScope } from "./request-scope.ts";

export type AdmissionOperation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

/** What stands between a decoded object and the store: built-in admission and webhooks. */
export interface Admission {
  /** @returns the object as it goes on; what came in for a deletion */
  mutate<T extends ApiObject | undefined>(
    scope: RequestScope,
    operation: AdmissionOperation,
    object: T,
    before: ApiObject | undefined,
  ): T | Promise<T>;
  /** Throws a StatusError to refuse. */
  validate(
    scope: RequestScope,
    operation: AdmissionOperation,
    object: ApiObject | undefined,
    before: ApiObject | undefined,
  ): void | Promise<void>;
}
