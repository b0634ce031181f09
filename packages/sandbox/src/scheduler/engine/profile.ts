import { imageLocality } from "./image-locality.ts";
import { interPodAffinity, interPodAffinityScore } from "./inter-pod-affinity.ts";
import {
  nodeAffinity,
  nodeAffinityScore,
  nodeName,
  nodePorts,
  nodeUnschedulable,
  taintToleration,
  taintTolerationScore,
} from "./node-plugins.ts";
import { balancedAllocation, leastAllocated, nodeResourcesFit } from "./node-resources.ts";
import type { FilterPlugin, ScorePlugin } from "./plugin.ts";
import { podTopologySpread, podTopologySpreadScore } from "./pod-topology-spread.ts";
import { nodeVolumeLimits, volumeBinding, volumeRestrictions, volumeZone } from "./volume-plugins.ts";

/** Which plugins decide, in the order they are asked: the first filter that rejects a node is the reason that is told. */
export interface Profile {
  readonly filters: readonly FilterPlugin[];
  readonly scores: readonly ScorePlugin[];
}

/** The default profile of kube-scheduler 1.35 (`getDefaultPlugins`), without dynamic resource allocation. */
export const defaultProfile: Profile = {
  filters: [
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity,
    nodePorts,
    nodeResourcesFit,
    volumeRestrictions,
    nodeVolumeLimits,
    volumeBinding,
    volumeZone,
    podTopologySpread,
    interPodAffinity,
  ],
  scores: [
    taintTolerationScore,
    nodeAffinityScore,
    leastAllocated,
    podTopologySpreadScore,
    interPodAffinityScore,
    balancedAllocation,
    imageLocality,
  ],
};
