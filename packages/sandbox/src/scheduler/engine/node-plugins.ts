import { preferredNodeAffinity, SelectorError, toleratesTaint, untoleratedTaint } from "@bellows/api";
import type { FilterPlugin, Rejection, ScorePlugin } from "./plugin.ts";
import { scaleScores } from "./plugin.ts";
import { pinnedNodes, requiredNode } from "./required-node.ts";

const never = (plugin: string, reason: string): Rejection => ({ plugin, reasons: [reason], preemptible: false });

const unschedulable = never("NodeUnschedulable", "node(s) were unschedulable");

/** Keeps pods off cordoned nodes, unless they tolerate the taint that stands for it. */
export const nodeUnschedulable: FilterPlugin = {
  name: "NodeUnschedulable",
  prepare({ pod }) {
    const taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
    if (toleratesTaint(pod.spec?.tolerations, taint)) return undefined;
    return { check: (node) => (node.node?.spec?.unschedulable ? unschedulable : undefined) };
  },
};

const otherNode = never("NodeName", "node(s) didn't match the requested node name");

export const nodeName: FilterPlugin = {
  name: "NodeName",
  prepare({ pod }) {
    const name = pod.spec?.nodeName;
    return name ? { check: (node) => (node.name === name ? undefined : otherNode) } : undefined;
  },
};

const untolerated = never("TaintToleration", "node(s) had untolerated taint(s)");

export const taintToleration: FilterPlugin = {
  name: "TaintToleration",
  prepare({ pod }) {
    const tolerations = pod.spec?.tolerations;
    return {
      check: (node) => (node.taints.length > 0 && untoleratedTaint(node.taints, tolerations) ? untolerated : undefined),
    };
  },
};

/** Fewer PreferNoSchedule taints that the pod does not tolerate is better. */
export const taintTolerationScore: ScorePlugin = {
  name: "TaintToleration",
  weight: 3,
  prepare({ pod }) {
    const tolerations = (pod.spec?.tolerations ?? []).filter(
      (toleration) => !toleration.effect || toleration.effect === "PreferNoSchedule",
    );
    return {
      score: ({ taints }) => {
        let count = 0;
        for (const taint of taints)
          if (taint.effect === "PreferNoSchedule" && !toleratesTaint(tolerations, taint)) count++;
        return count;
      },
      normalize: (scores) => scaleScores(scores, true),
    };
  },
};

const affinityMismatch = never("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
const conflict = never("NodeAffinity", "pod affinity terms conflict");

export const nodeAffinity: FilterPlugin = {
  name: "NodeAffinity",
  prepare({ pod }) {
    const required = requiredNode(pod);
    if (!required) return undefined;
    if (pinnedNodes(pod)?.size === 0) return conflict;
    return { check: (node) => (required(node) ? undefined : affinityMismatch) };
  },
};

export const nodeAffinityScore: ScorePlugin = {
  name: "NodeAffinity",
  weight: 2,
  prepare({ pod }) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (!pod.spec || preferred.length === 0) return undefined;
    try {
      const weigh = preferredNodeAffinity(pod.spec);
      return {
        score: ({ node }) => (node ? weigh(node) : 0),
        normalize: (scores) => scaleScores(scores, false),
      };
    } catch (error) {
      // A preference that can't be read is no reason not to run the pod.
      if (error instanceof SelectorError) return undefined;
      throw error;
    }
  },
};

const portsTaken: Rejection = {
  plugin: "NodePorts",
  reasons: ["node(s) didn't have free ports for the requested pod ports"],
  preemptible: true,
};

/** Two host ports clash where number and protocol agree and so do the addresses, 0.0.0.0 standing for all. */
export const nodePorts: FilterPlugin = {
  name: "NodePorts",
  prepare({ ports }) {
    if (ports.length === 0) return undefined;
    return {
      check(node) {
        const used = node.portsInUse();
        const clash = ports.some((wanted) =>
          used
            .get(`${wanted.protocol}/${wanted.port}`)
            ?.some((taken) => taken.ip === wanted.ip || taken.ip === "0.0.0.0" || wanted.ip === "0.0.0.0"),
        );
        return clash ? portsTaken : undefined;
      },
    };
  },
};
