import { timestamp } from "@bellows/kube";
import { type ApiObject, withMetadata } from "../api-object.ts";
import { PathElementError, recordUpdate } from "../managed-fields/index.ts";
import type { RequestScope } from "./request-scope.ts";

/** Of an object whose fields have no place of their own (a list element without its key) nobody's are recorded. */
function recorded(update: Parameters<typeof recordUpdate>[0]): ReturnType<typeof recordUpdate> {
  try {
    return recordUpdate(update);
  } catch (error) {
    // It is refused for what is wrong with it when it is looked at closely.
    if (error instanceof PathElementError) return (update.after as ApiObject).metadata.managedFields;
    throw error;
  }
}

/** The object with `metadata.managedFields` as they are after a write that is no apply. */
export function tracked(
  scope: RequestScope,
  object: ApiObject,
  before: ApiObject | undefined,
  subresource: string,
): ApiObject {
  const { resource, parts, fieldManager } = scope;
  const managedFields = recorded({
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
