export * from "./registration.ts";
export * from "./serving.ts";
