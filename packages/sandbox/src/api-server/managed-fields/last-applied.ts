import { isObject, type JsonObject } from "../json-value.ts";
import type { SchemaView } from "../schema-view.ts";
import { compare } from "./compare.ts";
import { difference, type FieldSet } from "./field-set.ts";
import { fieldSetOf } from "./field-set-of.ts";

export const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

export function lastAppliedOf(object: JsonObject): string | undefined {
  const metadata = object["metadata"];
  const annotations = isObject(metadata) ? metadata["annotations"] : undefined;
  const text = isObject(annotations) ? annotations[lastAppliedAnnotation] : undefined;
  return typeof text === "string" && text !== "" ? text : undefined;
}

/**
 * The fields that client-side apply set and nobody changed since: when kubectl moves on to server-side apply it may take
 * those without a conflict.
 */
export function fieldsFromLastApplied(schema: SchemaView, live: JsonObject, apiVersion: string): FieldSet | undefined {
  const text = lastAppliedOf(live);
  if (!text) return undefined;
  let lastApplied: unknown;
  try {
    lastApplied = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(lastApplied) || lastApplied["apiVersion"] !== apiVersion) return undefined;
  const { added, modified, removed } = compare(schema, lastApplied, live);
  return [modified, added, removed].reduce(difference, fieldSetOf(schema, lastApplied));
}

/** The object with the annotation set to what was applied, for clients that still apply on their side. */
export function withLastApplied(object: JsonObject, config: JsonObject): JsonObject {
  const metadata = object["metadata"] as JsonObject;
  const annotations = metadata["annotations"] as JsonObject;
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...annotations, [lastAppliedAnnotation]: lastAppliedText(config) } },
  };
}

function lastAppliedText(config: JsonObject): string {
  const metadata = isObject(config["metadata"]) ? config["metadata"] : {};
  const { annotations: given, ...rest } = metadata;
  const { [lastAppliedAnnotation]: _, ...annotations } = isObject(given) ? given : {};
  const kept = Object.keys(annotations).length ? { ...rest, annotations } : rest;
  return `${JSON.stringify(sortKeys({ ...config, metadata: kept }))}\n`;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys(value[key])]),
  );
}
