import {
  type DaemonSet,
  type Node,
  type PodSpec,
  type PodTemplateSpec,
  requiredNodeAffinity,
  SelectorError,
  type Toleration,
  untoleratedTaint,
} from "@bellows/api";

const tolerationOf = (key: string, effect: string): Toleration => ({
  key: `node.kubernetes.io/${key}`,
  operator: "Exists",
  effect,
});

const automatic: readonly Toleration[] = [
  tolerationOf("not-ready", "NoExecute"),
  tolerationOf("unreachable", "NoExecute"),
  tolerationOf("disk-pressure", "NoSchedule"),
  tolerationOf("memory-pressure", "NoSchedule"),
  tolerationOf("pid-pressure", "NoSchedule"),
  tolerationOf("unschedulable", "NoSchedule"),
];
const ofHostNetwork = tolerationOf("network-unavailable", "NoSchedule");

/** What daemon pods tolerate besides what they say: they are to run on nodes in trouble, too. */
export function daemonTolerations(spec: PodSpec | undefined): Toleration[] {
  const tolerations = [...(spec?.tolerations ?? [])];
  for (const toleration of spec?.hostNetwork ? [...automatic, ofHostNetwork] : automatic) {
    const { key, operator, effect } = toleration;
    const index = tolerations.findIndex(
      (each) => each.key === key && each.operator === operator && each.effect === effect && !each.value,
    );
    if (index >= 0) tolerations[index] = toleration;
    else tolerations.push(toleration);
  }
  return tolerations;
}

export interface Placement {
  /** Whether a node is to have a pod of the set. */
  readonly shouldRun: boolean;
  /** Whether one that is there may stay. */
  readonly mayStay: boolean;
}

const nowhere: Placement = { shouldRun: false, mayStay: false };
const here: Placement = { shouldRun: true, mayStay: true };

/** Where the pods of a set belong, as a function of the node (daemon `NodeShouldRunDaemonPod`, 1.35). */
export function placements({ spec }: DaemonSet): (node: Node) => Placement {
  const template = spec?.template.spec;
  const matches = template ? affinityOf(template) : () => true;
  const tolerations = daemonTolerations(template);
  return (node) => {
    if (template?.nodeName && template.nodeName !== node.metadata.name) return nowhere;
    if (!matches(node)) return nowhere;
    const taints = node.spec?.taints;
    if (!untoleratedTaint(taints, tolerations)) return here;
    return { shouldRun: false, mayStay: !untoleratedTaint(taints, tolerations, ["NoExecute"]) };
  };
}

function affinityOf(template: PodSpec): (node: Node) => boolean {
  try {
    return requiredNodeAffinity(template);
  } catch (error) {
    if (error instanceof SelectorError) return () => false;
    throw error;
  }
}

/** The template with what pins it to a node: required affinity to its name in every term, instead of the ones it had. */
export function pinned(template: PodTemplateSpec, nodeName: string, labels: Record<string, string>): PodTemplateSpec {
  const spec = template.spec as PodSpec;
  const pin = [{ key: "metadata.name", operator: "In", values: [nodeName] }];
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = required?.nodeSelectorTerms ?? [];
  const nodeSelectorTerms =
    terms.length > 0 ? terms.map((term) => ({ ...term, matchFields: pin })) : [{ matchFields: pin }];
  return {
    metadata: {
      ...template.metadata,
      labels: { ...template.metadata?.labels, ...labels },
    } as PodTemplateSpec["metadata"] & object,
    spec: {
      ...spec,
      tolerations: daemonTolerations(spec),
      affinity: {
        ...spec.affinity,
        nodeAffinity: {
          ...spec.affinity?.nodeAffinity,
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
        },
      },
    },
  };
}

/** The node a daemon pod is for: where it is, or where its affinity pins it. */
export function targetNode({ spec }: { spec?: PodSpec }): string | undefined {
  if (spec?.nodeName) return spec.nodeName;
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const term of terms) {
    for (const field of term.matchFields ?? []) {
      if (field.key === "metadata.name" && field.operator === "In" && field.values?.length === 1)
        return field.values[0];
    }
  }
  return undefined;
}
