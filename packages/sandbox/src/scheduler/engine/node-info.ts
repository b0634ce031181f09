import { bytesOf, type Labels, type Node, type Taint } from "@bellows/api";
import { amountOf } from "./amounts.ts";
import type { HostPort, PodInfo } from "./pod-info.ts";
import type { Amounts } from "./pod-resources.ts";
import type { Matcher } from "./selector.ts";

/** The pods of a namespace that a selector selects. */
export interface PodGroup {
  readonly namespace: string;
  readonly matcher: Matcher;
  /** Equal for groups of the same pods. */
  readonly key: string;
}

export const podGroup = (namespace: string, matcher: Matcher): PodGroup => ({
  namespace,
  matcher,
  key: `${namespace} ${matcher.text}`,
});

const emptyLabels: Labels = {};

/** A node with the pods on it (bound and assumed), kept current pod by pod. */
export class NodeInfo {
  readonly name: string;
  /** Undefined while only pods of it are known. */
  node: Node | undefined;
  labels: Labels = emptyLabels;
  taints: readonly Taint[] = [];
  allocatable: Amounts = new Map();
  allowedPods = 0;
  /** Image name (each of its names) to bytes. */
  images: ReadonlyMap<string, number> = new Map();
  readonly pods = new Map<string, PodInfo>();
  readonly requested: Amounts = new Map();
  readonly scoredRequested: Amounts = new Map();
  /** Pods with any inter-pod affinity, and those with required anti-affinity. */
  readonly affinityPods = new Map<string, PodInfo>();
  readonly antiAffinityPods = new Map<string, PodInfo>();
  #ports: Map<string, HostPort[]> | undefined;
  readonly #counts = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  setNode(node: Node): void {
    this.node = node;
    this.labels = node.metadata.labels ?? emptyLabels;
    this.taints = node.spec?.taints ?? [];
    this.allocatable = new Map();
    const allocatable = (node.status?.allocatable ?? {}) as Record<string, string>;
    for (const resource in allocatable) {
      this.allocatable.set(resource, amountOf(resource, allocatable[resource] as string));
    }
    this.allowedPods = allocatable["pods"] === undefined ? 0 : bytesOf(allocatable["pods"]);
    const images = new Map<string, number>();
    for (const image of node.status?.images ?? []) {
      for (const name of image.names ?? []) images.set(name, image.sizeBytes ?? 0);
    }
    this.images = images;
  }

  addPod(pod: PodInfo): void {
    if (this.pods.has(pod.uid)) this.removePod(pod.uid);
    this.pods.set(pod.uid, pod);
    this.#count(pod, 1);
    const preferred = pod.preferredAffinity.length + pod.preferredAntiAffinity.length;
    if (preferred + pod.requiredAffinity.length + pod.requiredAntiAffinity.length > 0)
      this.affinityPods.set(pod.uid, pod);
    if (pod.requiredAntiAffinity.length > 0) this.antiAffinityPods.set(pod.uid, pod);
  }

  removePod(uid: string): boolean {
    const pod = this.pods.get(uid);
    if (!pod) return false;
    this.pods.delete(uid);
    this.#count(pod, -1);
    this.affinityPods.delete(uid);
    this.antiAffinityPods.delete(uid);
    return true;
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    for (const [resource, amount] of pod.requests) {
      this.requested.set(resource, (this.requested.get(resource) ?? 0) + sign * amount);
    }
    for (const [resource, amount] of pod.scoredRequests) {
      this.scoredRequested.set(resource, (this.scoredRequested.get(resource) ?? 0) + sign * amount);
    }
    if (pod.ports.length > 0) this.#ports = undefined;
    this.#counts.clear();
  }

  /** Host ports in use, by `protocol/port`. */
  portsInUse(): ReadonlyMap<string, readonly HostPort[]> {
    if (this.#ports) return this.#ports;
    const ports = new Map<string, HostPort[]>();
    for (const pod of this.pods.values()) {
      for (const port of pod.ports) {
        const key = `${port.protocol}/${port.port}`;
        const same = ports.get(key);
        if (same) same.push(port);
        else ports.set(key, [port]);
      }
    }
    this.#ports = ports;
    return ports;
  }

  /**
   * How many pods of a group are here, without those that terminate. Remembered until a pod comes or goes, so that
   * a burst of like pods costs one look-up a node.
   */
  countMatching({ key, namespace, matcher }: PodGroup): number {
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    let count = 0;
    for (const pod of this.pods.values()) {
      if (pod.namespace === namespace && !pod.terminating && matcher.matches(pod.labels)) count++;
    }
    if (this.#counts.size > 64) this.#counts.clear();
    this.#counts.set(key, count);
    return count;
  }

  /** A copy whose pods can be taken away without touching this one. */
  copy(): NodeInfo {
    const copy = new NodeInfo(this.name);
    copy.node = this.node;
    copy.labels = this.labels;
    copy.taints = this.taints;
    copy.allocatable = this.allocatable;
    copy.allowedPods = this.allowedPods;
    copy.images = this.images;
    for (const pod of this.pods.values()) copy.addPod(pod);
    return copy;
  }
}
