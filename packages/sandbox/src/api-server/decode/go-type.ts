import type { SchemaView } from "../schema-view.ts";

const basic = {
  string: "string",
  boolean: "bool",
  int32: "int32",
  int64: "int64",
  number: "float64",
  "int-or-string": "int32",
  quantity: "resource.Quantity",
  time: "string",
  "micro-time": "string",
  bytes: "[]uint8",
} as const;

/**
 * The Go type that stands in decoder messages for a field of a struct, such as `[]v1.Container` or `int32`.
 * `struct` and `field` say where the value stands.
 */
export function goTypeName(_struct: string | undefined, _field: string | undefined, view: SchemaView): string | undefined {
  switch (view.shape) {
    case "scalar":
      return basic[view.scalar];
    case "object":
      return view.definition ? goNameOf(view.definition) : undefined;
    case "list": {
      const items = view.items();
      return items && `[]${goTypeName(undefined, undefined, items) ?? "interface {}"}`;
    }
    case "map": {
      const values = view.additional();
      return values && `map[string]${goTypeName(undefined, undefined, values) ?? "interface {}"}`;
    }
    case "any":
      return undefined;
  }
}

/** `io.k8s.api.core.v1.PodSpec` is `v1.PodSpec`. */
const goNameOf = (definition: string): string => definition.split(".").slice(-2).join(".");
