export { type BuiltinKindFacts, builtinKind } from "./builtin-kind.ts";
export {
  type BuiltinResource,
  type BuiltinSubresource,
  builtinDefinitions,
  builtinResources,
  metricsResources,
} from "./definitions.ts";
export { builtinDescription } from "./descriptions.ts";
export { embeddedSchema } from "./embedded-schema.ts";
export { ZodDefinitions } from "./zod-from-schema.ts";
