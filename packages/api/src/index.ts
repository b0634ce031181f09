export * from "./builtin/kinds.generated.ts";
export type * from "./kind.ts";
export type * from "./structural-schema.ts";
export * from "./quantity.ts";
