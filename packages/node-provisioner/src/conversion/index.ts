export { registerConversion } from "./registration.ts";
export { conversionRoutes } from "./serving.ts";
