import type { Node, Pod, PodSpec, Taint } from "@bellows/api";
import { Cluster, type ClusterObjects, noObjects } from "./cluster.ts";
import { type PodInfo, podInfo } from "./pod-info.ts";
import { defaultProfile } from "./profile.ts";
import { type DecisionInput, decideNode } from "./schedule-pod.ts";

export interface NodeShape {
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly labels?: Record<string, string>;
  readonly taints?: Taint[];
  readonly unschedulable?: boolean;
  readonly images?: readonly { names: string[]; sizeBytes: number }[];
}

export function node(name: string, shape: NodeShape = {}): Node {
  const { cpu = "4", memory = "8Gi", pods = "110", labels = {}, taints, unschedulable, images } = shape;
  return {
    metadata: { name, uid: name, labels: { "kubernetes.io/hostname": name, ...labels } },
    spec: { ...(taints && { taints }), ...(unschedulable && { unschedulable }) },
    status: { allocatable: { cpu, memory, pods }, ...(images && { images: [...images] }) },
  };
}

export interface PodShape {
  readonly cpu?: string;
  readonly memory?: string;
  readonly labels?: Record<string, string>;
  readonly namespace?: string;
  readonly spec?: Partial<PodSpec>;
  readonly status?: Pod["status"];
}

export function pod(name: string, shape: PodShape = {}): PodInfo {
  const { cpu, memory, labels = {}, namespace = "default", spec = {}, status } = shape;
  const requests = { ...(cpu && { cpu }), ...(memory && { memory }) };
  return podInfo({
    metadata: { name, namespace, uid: `${namespace}/${name}`, labels },
    spec: { containers: [{ name: "main", image: "nginx", resources: { requests } }], ...spec },
    ...(status && { status }),
  });
}

/** A cluster of nodes with pods on them, by node name. */
export function cluster(
  nodes: readonly Node[],
  placed: Record<string, readonly PodInfo[]> = {},
  objects?: Partial<ClusterObjects>,
) {
  const made = new Cluster({ ...noObjects, ...objects });
  for (const each of nodes) made.setNode(each);
  for (const [name, pods] of Object.entries(placed)) for (const each of pods) made.setPod(each, name);
  return made;
}

export const input = (made: Cluster, changes: Partial<DecisionInput> = {}): DecisionInput => ({
  cluster: made,
  profile: defaultProfile,
  nominated: () => [],
  startIndex: 0,
  pick: () => 0,
  ...changes,
});

/** Where a pod goes, or why it goes nowhere. */
export function placed(incoming: PodInfo, made: Cluster): string {
  const { node: chosen, failure } = decideNode(incoming, input(made));
  return chosen?.name ?? failure?.message ?? "";
}
