// Generated from openapi.generated.json by generate-builtin.ts. Do not edit: change the generator, then run
//   node packages/api/src/builtin/generate-builtin.ts

import type { Kind, ObjectMeta } from "../kind.ts";
import { builtinKind } from "./builtin-kind.ts";

/** scheduling.k8s.io/v1 PriorityClass. */
export interface PriorityClass {
  apiVersion?: string;
  description?: string;
  globalDefault?: boolean;
  kind?: string;
  metadata: ObjectMeta;
  preemptionPolicy?: string;
  value: number;
}

export const PriorityClass: Kind<PriorityClass> = builtinKind({
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  plural: "priorityclasses",
  singular: "priorityclass",
  shortNames: ["pc"],
  scope: "Cluster",
  definition: "io.k8s.api.scheduling.v1.PriorityClass",
});
