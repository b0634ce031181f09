import { parseSelector, SelectorError } from "@bellows/api";
import type { ApiObject } from "../api-object.ts";
import { objectFieldSelector } from "../field-selectors.ts";
import type { ServedResource } from "../resource.ts";
import { badRequest } from "../status-error.ts";

/** Which objects of a resource a list, a watch or a deletecollection is about. */
export interface Selection {
  /** Everything matches (in the namespace). */
  readonly empty: boolean;
  matches(object: ApiObject): boolean;
  /** The one name that can match, if the field selector says so. */
  readonly name: string | undefined;
  /** The namespace that the field selector restricts to, if it does. */
  readonly namespace: string | undefined;
}

/** Throws 400 for a label selector that is none: that is read before anything else. */
export function checkLabelSelector(labels: string): void {
  try {
    parseSelector(labels);
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
}

/** @param name where the path names an object: the watch or list of only that one */
export function selection(resource: ServedResource, labels: string, fields: string, name?: string): Selection {
  try {
    const byFields = objectFieldSelector(fields, resource.kind, resource.strategy.selectableFields, resource.custom);
    const byLabels = parseSelector(labels);
    return {
      empty: byFields.isEverything && byLabels.isEverything && name === undefined,
      name: name ?? byFields.exactValue("metadata.name"),
      namespace: byFields.exactValue("metadata.namespace"),
      matches: (object) =>
        (name === undefined || object.metadata.name === name) &&
        byFields.matches(object) &&
        byLabels.matches(object.metadata.labels),
    };
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message);
    throw error;
  }
}
