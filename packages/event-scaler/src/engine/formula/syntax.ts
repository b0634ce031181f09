/** What a formula is made of. `at` is the offset in the source that messages point to. */
export type Node =
  | { readonly kind: "number"; readonly value: number; readonly integer: boolean; readonly at: number }
  | { readonly kind: "string"; readonly value: string; readonly at: number }
  | { readonly kind: "boolean"; readonly value: boolean; readonly at: number }
  | { readonly kind: "nil"; readonly at: number }
  | { readonly kind: "name"; readonly name: string; readonly at: number }
  /** `#`, `#index` and `#acc` within a predicate. */
  | { readonly kind: "pointer"; readonly name: string; readonly at: number }
  | { readonly kind: "unary"; readonly operator: string; readonly node: Node; readonly at: number }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Node;
      readonly right: Node;
      readonly at: number;
    }
  | {
      readonly kind: "conditional";
      readonly condition: Node;
      readonly yes: Node;
      readonly no: Node;
      readonly at: number;
    }
  | { readonly kind: "array"; readonly items: readonly Node[]; readonly at: number }
  | { readonly kind: "element"; readonly node: Node; readonly index: Node; readonly at: number }
  | {
      readonly kind: "slice";
      readonly node: Node;
      readonly from: Node | undefined;
      readonly to: Node | undefined;
      readonly at: number;
    }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Node[]; readonly at: number }
  | { readonly kind: "predicate"; readonly body: Node; readonly at: number }
  | { readonly kind: "let"; readonly name: string; readonly value: Node; readonly body: Node; readonly at: number }
  | { readonly kind: "sequence"; readonly nodes: readonly Node[]; readonly at: number };
