import type { StructuralSchema } from "../structural-schema.ts";
import { builtinDefinitions } from "./definitions.ts";

const quantityName = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const metadataName = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** What a CRD accepts as a quantity. */
const quantity: StructuralSchema = {
  anyOf: [{ type: "integer" }, { type: "string" }],
  pattern:
    "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$",
  "x-kubernetes-int-or-string": true,
};

const text: StructuralSchema = { type: "string" };

/** The part of an embedded object's metadata that means something there. */
const embeddedMetadata: StructuralSchema = {
  type: "object",
  properties: {
    annotations: { type: "object", additionalProperties: text },
    finalizers: { type: "array", items: text },
    labels: { type: "object", additionalProperties: text },
    name: text,
    namespace: text,
  },
};

/** Definitions that inline a reference, whose map type controller-gen takes over and OpenAPI does not. */
const inlinesReference = new Set(
  ["ConfigMapEnvSource", "ConfigMapProjection", "ConfigMapVolumeSource", "SecretEnvSource", "SecretProjection"].map(
    (name) => `io.k8s.api.core.v1.${name}`,
  ),
);

/** Optional fields whose default controller-gen does not see, since it is not written beside the field. */
const unseenDefaults: Readonly<Record<string, readonly string[]>> = {
  "io.k8s.api.core.v1.AzureDiskVolumeSource": ["cachingMode", "kind"],
  "io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern": ["status"],
};

/**
 * A built-in definition as controller-gen writes it into a CRD that embeds the type: references resolved, quantities
 * and ports as int-or-string, no patch strategies, no enums (those are checked when the real object is made), and
 * the defaults of optional fields only.
 */
export function embeddedSchema(definition: string): StructuralSchema {
  const schema = builtinDefinitions()[definition];
  if (!schema) throw new Error(`no definition ${definition}`);
  const embedded = embed(schema, unseenDefaults[definition]);
  if (inlinesReference.has(definition)) embedded["x-kubernetes-map-type"] = "atomic";
  return embedded;
}

function embed(schema: StructuralSchema, unseen: readonly string[] = []): StructuralSchema {
  if (schema.$ref === quantityName) return quantity;
  if (schema.$ref === metadataName) return embeddedMetadata;
  if (schema.$ref !== undefined) {
    const embedded = embeddedSchema(schema.$ref);
    if (schema["x-kubernetes-map-type"]) embedded["x-kubernetes-map-type"] = schema["x-kubernetes-map-type"];
    return embedded;
  }
  if (schema["x-kubernetes-int-or-string"]) {
    return { anyOf: [{ type: "integer" }, { type: "string" }], "x-kubernetes-int-or-string": true };
  }
  const {
    enum: _enum,
    default: _default,
    "x-kubernetes-patch-strategy": _strategy,
    "x-kubernetes-patch-merge-key": _mergeKey,
    "x-kubernetes-group-version-kind": _kind,
    ...embedded
  } = schema;
  if (schema.required) embedded.required = schema.required.toSorted();
  if (schema.items) embedded.items = embed(schema.items);
  if (typeof schema.additionalProperties === "object")
    embedded.additionalProperties = embed(schema.additionalProperties);
  if (schema.properties) {
    const undefaulted = new Set([...(schema.required ?? []), ...unseen]);
    embedded.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [
        name,
        embedProperty(property, undefaulted.has(name)),
      ]),
    );
  }
  return embedded;
}

/** A required field's default is Go's zero value, an optional one's is meant. */
function embedProperty(property: StructuralSchema, undefaulted: boolean): StructuralSchema {
  const embedded = embed(property);
  const meant = !undefaulted && property.default !== undefined && typeof property.default !== "object";
  return meant ? { ...embedded, default: property.default } : embedded;
}
