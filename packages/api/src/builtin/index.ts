export { type BuiltinKindFacts, builtinKind } from "./builtin-kind.ts";
export {
  type BuiltinResource,
  type BuiltinSubresource,
  builtinDefinitions,
  builtinResources,
  metricsResources,
} from "./definitions.ts";
export { ZodDefinitions } from "./zod-from-schema.ts";
