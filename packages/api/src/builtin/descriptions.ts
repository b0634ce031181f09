import { autoscalingDescriptions } from "./descriptions-autoscaling.ts";
import { coreDescriptions } from "./descriptions-core.ts";
import { workloadDescriptions } from "./descriptions-workloads.ts";

/** Texts by definition, then by field; the text of the definition itself is under "". */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

const descriptions: Descriptions = { ...coreDescriptions, ...workloadDescriptions, ...autoscalingDescriptions };

/** On every kind. */
const ofEveryKind: Readonly<Record<string, string>> = {
  apiVersion: "Group and version of the API that the object is written in.",
  kind: "Kind of the object.",
  metadata: "Name, labels, annotations and what the server keeps about every object.",
  spec: "What is wanted.",
  status: "What is so. Written by the cluster.",
};

/**
 * A short text about a built-in definition, or about one of its fields, as `kubectl explain` shows it; undefined where
 * there is none. The texts are our own and cover what is used most.
 */
export function builtinDescription(definition: string, field = ""): string | undefined {
  return descriptions[definition]?.[field] ?? (field === "" ? undefined : ofEveryKind[field]);
}
