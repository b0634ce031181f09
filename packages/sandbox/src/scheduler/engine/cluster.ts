import type {
  CSINode,
  LabelSelector,
  Labels,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from "@bellows/api";
import { NodeInfo } from "./node-info.ts";
import type { PodInfo } from "./pod-info.ts";

/** What plugins ask about objects other than nodes and pods. Answers come from caches; nothing waits. */
export interface ClusterObjects {
  namespaceLabels(namespace: string): Labels | undefined;
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  volumes(): Iterable<PersistentVolume>;
  storageClass(name: string): StorageClass | undefined;
  csiNode(name: string): CSINode | undefined;
  /** Selectors of the Services and of the controller that select this pod: how the default spreading groups pods. */
  spreadingSelector(pod: PodInfo): LabelSelector | undefined;
}

export const noObjects: ClusterObjects = {
  namespaceLabels: () => undefined,
  claim: () => undefined,
  volume: () => undefined,
  volumes: () => [],
  storageClass: () => undefined,
  csiNode: () => undefined,
  spreadingSelector: () => undefined,
};

export const zoneOf = (labels: Labels): string =>
  `${labels["topology.kubernetes.io/region"] ?? ""}:${labels["topology.kubernetes.io/zone"] ?? ""}`;

/**
 * The scheduler's picture of the nodes and of the pods on them, kept current one event at a time. A pod that has been given a
 * node is assumed there until its binding shows up, or fails.
 */
export class Cluster {
  readonly objects: ClusterObjects;
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #nodeOfPod = new Map<string, string>();
  #ordered: readonly NodeInfo[] | undefined;
  readonly #imageNodes = new Map<string, number>();

  constructor(objects: ClusterObjects = noObjects) {
    this.objects = objects;
  }

  /** Nodes that exist, zone by zone in turn, each zone in the order its nodes came: even sampling over zones. */
  nodes(): readonly NodeInfo[] {
    if (this.#ordered) return this.#ordered;
    const zones = new Map<string, NodeInfo[]>();
    for (const info of this.#nodes.values()) {
      if (!info.node) continue;
      const zone = zoneOf(info.labels);
      const same = zones.get(zone);
      if (same) same.push(info);
      else zones.set(zone, [info]);
    }
    const lists = [...zones.values()];
    const longest = lists.reduce((most, list) => Math.max(most, list.length), 0);
    const ordered: NodeInfo[] = [];
    for (let index = 0; index < longest; index++) {
      for (const list of lists) if (list[index]) ordered.push(list[index] as NodeInfo);
    }
    this.#ordered = ordered;
    return ordered;
  }

  node(name: string): NodeInfo | undefined {
    const info = this.#nodes.get(name);
    return info?.node ? info : undefined;
  }

  setNode(node: Node): void {
    const info = this.#info(node.metadata.name);
    const moved = !info.node || zoneOf(info.labels) !== zoneOf(node.metadata.labels ?? {});
    this.#countImages(info, -1);
    info.setNode(node);
    this.#countImages(info, 1);
    if (moved) this.#ordered = undefined;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    this.#countImages(info, -1);
    info.node = undefined;
    info.images = new Map();
    if (info.pods.size === 0) this.#nodes.delete(name);
    this.#ordered = undefined;
  }

  /** Puts a pod on a node (bound there, or assumed to be), moving it if it was elsewhere. */
  setPod(pod: PodInfo, nodeName: string): void {
    const before = this.#nodeOfPod.get(pod.uid);
    if (before !== undefined && before !== nodeName) this.removePod(pod.uid);
    this.#info(nodeName).addPod(pod);
    this.#nodeOfPod.set(pod.uid, nodeName);
  }

  removePod(uid: string): void {
    const name = this.#nodeOfPod.get(uid);
    if (name === undefined) return;
    this.#nodeOfPod.delete(uid);
    const info = this.#nodes.get(name);
    info?.removePod(uid);
    if (info && !info.node && info.pods.size === 0) this.#nodes.delete(name);
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOfPod.get(uid);
  }

  /** How many nodes hold an image. */
  nodesWithImage(image: string): number {
    return this.#imageNodes.get(image) ?? 0;
  }

  #info(name: string): NodeInfo {
    let info = this.#nodes.get(name);
    if (!info) this.#nodes.set(name, (info = new NodeInfo(name)));
    return info;
  }

  #countImages(info: NodeInfo, sign: 1 | -1): void {
    for (const image of info.images.keys()) this.#imageNodes.set(image, (this.#imageNodes.get(image) ?? 0) + sign);
  }
}
