import type { ApiObject } from "../api-object.ts";
import type { RequestScope } from "./request-scope.ts";

/** Keeps `metadata.managedFields` true to who set what. */
export interface FieldTracking {
  created(scope: RequestScope, object: ApiObject): ApiObject;
  updated(scope: RequestScope, object: ApiObject, before: ApiObject): ApiObject;
}

export const noFieldTracking: FieldTracking = {
  created: (_scope, object) => object,
  updated: (_scope, object) => object,
};
