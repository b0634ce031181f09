import type { SchemaDefinitions, StructuralSchema } from "@bellows/api";

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** What a schema says about the shape of its values. `any` is a value that nothing is known about. */
export type Shape = "object" | "map" | "list" | "scalar" | "any";

/** How a scalar is read and printed. */
export type Scalar =
  | "string"
  | "boolean"
  | "int32"
  | "int64"
  | "number"
  | "quantity"
  | "int-or-string"
  | "time"
  | "micro-time"
  | "bytes";

/**
 * A place in a schema: resolves `$ref` when it is looked at, and remembers what it resolved, so that walking objects of
 * the same kind over and over costs one map look-up a field. Views of a shared definition are shared.
 */
export class SchemaView {
  /** The schema here with `$ref` resolved; extensions that stand beside a `$ref` win over the definition's. */
  readonly schema: StructuralSchema;
  readonly definitions: SchemaDefinitions;
  /** The definition's name, such as `io.k8s.api.core.v1.PodSpec`; undefined where the schema is written in place. */
  readonly definition: string | undefined;
  readonly shape: Shape;
  /** Only meaningful where `shape` is `scalar`. */
  readonly scalar: Scalar;
  /** Where the children are looked up: the shared view of the definition, when nothing here changes its structure. */
  private readonly shared: SchemaView | undefined;
  private readonly fields = new Map<string, SchemaView | undefined>();
  private itemsView: SchemaView | undefined;
  private additionalView: SchemaView | undefined;

  constructor(schema: StructuralSchema, definitions: SchemaDefinitions = {}) {
    const reference = refOf(schema);
    let resolved = schema;
    let name: string | undefined;
    let shared: SchemaView | undefined;
    if (reference !== undefined) {
      name = definitionName(reference);
      const { $ref: _, allOf: __, ...beside } = schema;
      let target: StructuralSchema | undefined = definitions[name];
      // A definition may be nothing but a reference to another one.
      for (let hops = 0; target && refOf(target) !== undefined && hops < 8; hops++)
        target = definitions[definitionName(refOf(target) as string)];
      resolved = { ...target, ...beside };
      if (Object.keys(beside).length && !structural.some((keyword) => keyword in beside))
        shared = SchemaView.of(name, definitions);
    }
    this.shared = shared;
    this.schema = resolved;
    this.definitions = definitions;
    this.definition = name;
    this.shape = shapeOf(resolved);
    this.scalar = scalarOf(resolved, name);
  }

  /** The view of a shared definition by name; the same one for every caller of the same `definitions`. */
  static of(definition: string, definitions: SchemaDefinitions): SchemaView {
    let views = sharedViews.get(definitions);
    if (!views) {
      views = new Map();
      sharedViews.set(definitions, views);
    }
    let view = views.get(definition);
    if (!view) {
      view = new SchemaView({ $ref: definition }, definitions);
      views.set(definition, view);
    }
    return view;
  }

  /**
   * The root of a custom resource's schema: whatever the schema says, `apiVersion`, `kind` and `metadata` are those of
   * every object. `definitions` must hold meta/v1 ObjectMeta.
   */
  static ofResource(schema: StructuralSchema, definitions: SchemaDefinitions): SchemaView {
    return new SchemaView(
      {
        ...schema,
        type: "object",
        properties: {
          ...schema.properties,
          apiVersion: { type: "string" },
          kind: { type: "string" },
          metadata: { $ref: objectMeta },
        },
      },
      definitions,
    );
  }

  /** The Go type's name as it stands in decoder messages: `PodSpec`. */
  get typeName(): string | undefined {
    return this.definition?.slice(this.definition.lastIndexOf(".") + 1);
  }

  /** The view that all fields of this definition share; only extensions that stand beside `$ref` differ from it. */
  get base(): SchemaView {
    return this.shared ?? this;
  }

  /** The field's schema; for a map, the schema of its values. Undefined when the field is unknown. */
  field(name: string): SchemaView | undefined {
    if (this.shared) return this.shared.field(name);
    const known = this.fields.get(name);
    if (known) return known;
    const { properties, "x-kubernetes-embedded-resource": embedded } = this.schema;
    if (properties && Object.hasOwn(properties, name)) {
      const view = this.view(properties[name] as StructuralSchema);
      this.fields.set(name, view);
      return view;
    }
    if (embedded && name === "metadata") return SchemaView.of(objectMeta, this.definitions);
    if (embedded && (name === "apiVersion" || name === "kind")) return stringView;
    return this.additional();
  }

  /** The schema of a list's items. */
  items(): SchemaView | undefined {
    if (this.shared) return this.shared.items();
    if (!this.itemsView && this.schema.items) this.itemsView = this.view(this.schema.items);
    return this.itemsView;
  }

  /** The schema of a map's values. */
  additional(): SchemaView | undefined {
    if (this.shared) return this.shared.additional();
    const { additionalProperties } = this.schema;
    if (!this.additionalView && additionalProperties !== undefined && additionalProperties !== false)
      this.additionalView = additionalProperties === true ? anyView : this.view(additionalProperties);
    return this.additionalView;
  }

  /** Unknown fields are kept here (`x-kubernetes-preserve-unknown-fields`, or nothing is said about fields at all). */
  get preservesUnknown(): boolean {
    return this.shape === "any" || this.schema["x-kubernetes-preserve-unknown-fields"] === true;
  }

  private view(schema: StructuralSchema): SchemaView {
    const only = schema.$ref !== undefined && Object.keys(schema).length === 1;
    return only
      ? SchemaView.of(definitionName(schema.$ref as string), this.definitions)
      : new SchemaView(schema, this.definitions);
  }
}

/** Keywords that would give a reference's target other children. */
const structural = ["properties", "items", "additionalProperties", "x-kubernetes-embedded-resource"];

const sharedViews = new WeakMap<SchemaDefinitions, Map<string, SchemaView>>();
const anyView = new SchemaView({});
const stringView = new SchemaView({ type: "string" });

/** The reference, written directly or as the single member of `allOf` (as OpenAPI v3 needs beside a default). */
function refOf(schema: StructuralSchema): string | undefined {
  return schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]?.$ref : undefined);
}

const definitionName = (reference: string): string => reference.slice(reference.lastIndexOf("/") + 1);

function shapeOf(schema: StructuralSchema): Shape {
  switch (schema.type) {
    case "array":
      return "list";
    case "object":
      if (schema.properties) return "object";
      if (schema.additionalProperties) return "map";
      return schema["x-kubernetes-preserve-unknown-fields"] || schema["x-kubernetes-embedded-resource"]
        ? "object"
        : "any";
    case undefined:
      if (schema.properties) return "object";
      if (schema.additionalProperties) return "map";
      if (schema.items) return "list";
      return schema.format || schema["x-kubernetes-int-or-string"] ? "scalar" : "any";
    default:
      return "scalar";
  }
}

function scalarOf(schema: StructuralSchema, definition: string | undefined): Scalar {
  if (schema["x-kubernetes-int-or-string"] || schema.format === "int-or-string") return "int-or-string";
  if (definition?.endsWith(".Quantity") || schema.format === "quantity") return "quantity";
  switch (schema.type) {
    case "boolean":
      return "boolean";
    case "integer":
      return schema.format === "int32" ? "int32" : "int64";
    case "number":
      return "number";
    default:
      if (definition?.endsWith(".MicroTime") || schema.format === "micro-time") return "micro-time";
      if (definition?.endsWith(".IntOrString")) return "int-or-string";
      if (schema.format === "date-time") return "time";
      return schema.format === "byte" ? "bytes" : "string";
  }
}
