// Generated from openapi.generated.json by generate-builtin.ts. Do not edit: change the generator, then run
//   node packages/api/src/builtin/generate-builtin.ts

export * from "./admissionregistration-v1.generated.ts";
export * from "./apiextensions-v1.generated.ts";
export * from "./apiregistration-v1.generated.ts";
export * from "./apps-v1.generated.ts";
export * from "./authentication-v1.generated.ts";
export * from "./authorization-v1.generated.ts";
export * from "./autoscaling-v1.generated.ts";
export * from "./autoscaling-v2.generated.ts";
export * from "./batch-v1.generated.ts";
export * from "./certificates-v1.generated.ts";
export * from "./coordination-v1.generated.ts";
export * from "./core-v1.generated.ts";
export * from "./custom-metrics-v1beta1.generated.ts";
export * from "./custom-metrics-v1beta2.generated.ts";
export * from "./discovery-v1.generated.ts";
export * from "./events-v1.generated.ts";
export * from "./external-metrics-v1beta1.generated.ts";
export * from "./flowcontrol-v1.generated.ts";
export * from "./meta-v1.generated.ts";
export * from "./metrics-v1beta1.generated.ts";
export * from "./networking-v1.generated.ts";
export * from "./node-v1.generated.ts";
export * from "./policy-v1.generated.ts";
export * from "./rbac-v1.generated.ts";
export * from "./resource-v1.generated.ts";
export * from "./scheduling-v1.generated.ts";
export * from "./storage-v1.generated.ts";
