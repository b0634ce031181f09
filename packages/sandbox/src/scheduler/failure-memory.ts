import { stableJson } from "@bellows/api";
import type { PodInfo } from "./engine/pod-info.ts";
import type { Failure } from "./engine/schedule-pod.ts";
import { claimsOf } from "./engine/volumes.ts";

/**
 * Why pods of one make could not be placed, until the cluster changes: of a thousand replicas that do not fit, only the first
 * has to be tried on every node.
 */
export class FailureMemory {
  readonly #failures = new Map<string, Failure>();
  readonly #makes = new WeakMap<PodInfo, string>();

  find(pod: PodInfo): Failure | undefined {
    return this.#failures.size === 0 ? undefined : this.#failures.get(this.#make(pod));
  }

  remember(pod: PodInfo, failure: Failure): void {
    const make = this.#make(pod);
    if (make !== "") this.#failures.set(make, failure);
  }

  clear(): void {
    this.#failures.clear();
  }

  /** Equal for pods that every node answers alike; "" for pods whose answer is their own. */
  #make(info: PodInfo): string {
    let make = this.#makes.get(info);
    if (make === undefined) {
      const { pod, namespace, labels, priority, requests, ports } = info;
      const { nodeSelector, affinity, tolerations, topologySpreadConstraints, preemptionPolicy, nodeName } =
        pod.spec ?? {};
      const own = claimsOf(pod).length > 0 || pod.status?.nominatedNodeName;
      const told = [namespace, labels, priority, [...requests], ports, nodeSelector, affinity, tolerations];
      make = own ? "" : stableJson([...told, topologySpreadConstraints, preemptionPolicy, nodeName]);
      this.#makes.set(info, make);
    }
    return make;
  }
}
