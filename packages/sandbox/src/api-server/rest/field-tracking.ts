import { timestamp } from "@bellows/kube";
import { type ApiObject, withMetadata } from "../api-object.ts";
import { recordUpdate } from "../managed-fields/index.ts";
import type { RequestScope } from "./request-scope.ts";

/** The object with `metadata.managedFields` as they are after a write that is no apply. */
export function tracked(
  scope: RequestScope,
  object: ApiObject,
  before: ApiObject | undefined,
  subresource: string,
): ApiObject {
  const { resource, parts, fieldManager } = scope;
  const managedFields = recordUpdate({
    before,
    after: object,
    schema: resource.rules.schema,
    apiVersion: resource.apiVersion,
    manager: fieldManager,
    ...(subresource && { subresource }),
    now: timestamp(parts.clock.now()),
  });
  const entries = managedFields?.length ? managedFields : undefined;
  if (object.metadata.managedFields === entries) return object;
  return withMetadata(object, { managedFields: entries } as Partial<ApiObject["metadata"]>);
}
