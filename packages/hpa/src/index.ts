export * from "./engine/decide.ts";
export * from "./engine/history.ts";
export * from "./vectors.ts";
