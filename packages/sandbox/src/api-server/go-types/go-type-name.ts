import type { SchemaView } from "../schema-view.ts";
import { goTypeNames } from "./go-fields.generated.ts";

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
 * The Go type that stands in decoder messages: `[]v1.Container`, `v1.RestartPolicy`, `int32`. `struct` and `field` are
 * the definition and the field that the value stands in.
 */
export function goTypeName(
  view: SchemaView,
  struct: string | undefined,
  field: string | undefined,
): string | undefined {
  const named = struct && field ? goTypeNames[struct]?.[field] : undefined;
  if (named) return named.startsWith("[]") && view.shape !== "list" ? named.slice(2) : named;
  switch (view.shape) {
    case "scalar":
      return basic[view.scalar];
    case "object":
      return view.definition ? goNameOf(view.definition) : undefined;
    case "list": {
      const items = view.items();
      return items && `[]${goTypeName(items, undefined, undefined) ?? "interface {}"}`;
    }
    case "map": {
      const values = view.additional();
      return values && `map[string]${goTypeName(values, undefined, undefined) ?? "interface {}"}`;
    }
    case "any":
      return undefined;
  }
}

/** `io.k8s.api.core.v1.PodSpec` is `v1.PodSpec`. */
const goNameOf = (definition: string): string => definition.split(".").slice(-2).join(".");
