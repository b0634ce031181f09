export * from "./annotations.ts";
export * from "./fallback.ts";
export * from "./formula/index.ts";
export * from "./hpa-health.ts";
export * from "./polling.ts";
export * from "./push-pace.ts";
export * from "./scale-request.ts";
export * from "./scaling-modifiers.ts";
