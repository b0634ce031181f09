import { type FieldSet, setOfPaths } from "./field-set.ts";

const status = setOfPaths(["status"]);
const spec = setOfPaths(["spec"]);
const specAndMetadata = setOfPaths(["spec"], ["metadata"]);

/** Kinds whose status subresource resets more than the spec. */
const statusResets: Readonly<Record<string, FieldSet | undefined>> = {
  Deployment: setOfPaths(["spec"], ["metadata", "labels"]),
  Pod: setOfPaths(["spec"], ["metadata", "deletionTimestamp"], ["metadata", "ownerReferences"]),
  CustomResourceDefinition: specAndMetadata,
  APIService: specAndMetadata,
  VolumeAttachment: specAndMetadata,
  FlowSchema: specAndMetadata,
  PriorityLevelConfiguration: specAndMetadata,
  StorageVersion: specAndMetadata,
};

/**
 * What a write to the resource (or to its subresource) resets, and so can never own (`GetResetFields` of the registry
 * strategies).
 */
export function resetFieldsOf(kind: string, subresource: string): FieldSet | undefined {
  if (subresource === "") return status;
  return subresource === "status" ? (statusResets[kind] ?? spec) : undefined;
}
