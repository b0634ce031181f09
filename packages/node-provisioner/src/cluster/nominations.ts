import type { Pod } from "@bellows/api";
import type { Instant } from "@bellows/kube";

/** How long a node is kept from disruption for pods that are to come (Karpenter's nomination window is of this order). */
const nominationMs = 20_000;

interface Nomination {
  /** `nodeclaim/default-x7k2p`, `node/ip-...`: as the Event names it. */
  readonly target: string;
  /** A claim that was made for the pod and not launched yet; undefined for what exists. */
  readonly claim: string | undefined;
  readonly node: string | undefined;
  readonly at: Instant;
}

/** Where pods were said to go, while this process runs: so that it is said once, and nodes are not taken from under them. */
export class Nominations {
  readonly #byPod = new Map<string, Nomination>();

  /** @returns whether that is news */
  nominate(pod: Pod, where: { claim?: string; node?: string }, now: Instant): boolean {
    const uid = pod.metadata.uid ?? pod.metadata.name;
    const target = [where.claim && `nodeclaim/${where.claim}`, where.node && `node/${where.node}`]
      .filter((part) => part !== undefined)
      .join(", ");
    const before = this.#byPod.get(uid);
    this.#byPod.set(uid, { target, claim: where.claim, node: where.node, at: now });
    return before?.target !== target;
  }

  get(pod: Pod): Nomination | undefined {
    return this.#byPod.get(pod.metadata.uid ?? pod.metadata.name);
  }

  /** Gives a pod the place that was kept for one that `isFor` means. */
  takeOver(isFor: (uid: string) => boolean, pod: Pod, now: Instant): void {
    for (const [uid, nomination] of this.#byPod) {
      if (!isFor(uid)) continue;
      this.#byPod.delete(uid);
      this.#byPod.set(pod.metadata.uid ?? pod.metadata.name, { ...nomination, at: now });
      return;
    }
  }

  /** @returns the uids of the pods that were to go to the claim */
  forgetClaim(claim: string): string[] {
    const uids = [...this.#byPod].filter(([, one]) => one.claim === claim).map(([uid]) => uid);
    for (const uid of uids) this.#byPod.delete(uid);
    return uids;
  }

  /** Forgets pods that wait no more. */
  keepOnly(waits: (uid: string) => boolean): void {
    for (const uid of this.#byPod.keys()) if (!waits(uid)) this.#byPod.delete(uid);
  }

  /** Claims that pods were nominated to. */
  claims(): ReadonlySet<string> {
    return new Set([...this.#byPod.values()].flatMap(({ claim }) => (claim === undefined ? [] : [claim])));
  }

  /** Whether pods are on their way to the node or claim. */
  hasFor(names: readonly (string | undefined)[], now: Instant): boolean {
    for (const { claim, node, at } of this.#byPod.values()) {
      if (now - at > nominationMs) continue;
      if ((claim !== undefined && names.includes(claim)) || (node !== undefined && names.includes(node))) return true;
    }
    return false;
  }
}
