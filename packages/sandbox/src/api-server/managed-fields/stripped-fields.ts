import { isObject, type JsonObject } from "../json-value.ts";
import { type FieldSet, setOfPaths } from "./field-set.ts";

const serverMetadata = [
  "name",
  "namespace",
  "creationTimestamp",
  "selfLink",
  "uid",
  "clusterName",
  "generation",
  "managedFields",
  "resourceVersion",
];

/** What nobody owns: the identity of the object and what the server writes itself. */
export const strippedFields = setOfPaths(
  ["apiVersion"],
  ["kind"],
  ["metadata"],
  ...serverMetadata.map((name) => ["metadata", name]),
) as FieldSet;

/** The object without the parts of its metadata that nobody owns, to be compared. */
export function ownable(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isObject(metadata)) return object;
  const rest: JsonObject = {};
  for (const key in metadata) if (!serverMetadata.includes(key)) rest[key] = metadata[key];
  return { ...object, metadata: rest };
}
