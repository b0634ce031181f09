import { type Pod, requiredNodeAffinity, SelectorError } from "@bellows/api";
import type { NodeInfo } from "./node-info.ts";

export type NodeTest = (node: NodeInfo) => boolean;

/** What a pod requires of its node by nodeSelector and required node affinity; undefined where it asks for nothing. */
export function requiredNode({ spec }: Pod): NodeTest | undefined {
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!spec || (Object.keys(spec.nodeSelector ?? {}).length === 0 && !required)) return undefined;
  const matches = requiredNodeAffinity(spec);
  return ({ node }) => {
    try {
      return node !== undefined && matches(node);
    } catch (error) {
      if (error instanceof SelectorError) return false;
      throw error;
    }
  };
}

/** The nodes that required affinity names by field, or undefined where any node could do; empty where terms contradict. */
export function pinnedNodes(pod: Pod): ReadonlySet<string> | undefined {
  const affinity = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = affinity?.nodeSelectorTerms ?? [];
  const names = new Set<string>();
  for (const term of terms) {
    const fields = (term.matchFields ?? []).filter((field) => field.key === "metadata.name" && field.operator === "In");
    if (fields.length === 0) return undefined;
    for (const name of fields[0]?.values ?? []) {
      if (fields.every((field) => field.values?.includes(name))) names.add(name);
    }
  }
  return terms.length === 0 ? undefined : names;
}
