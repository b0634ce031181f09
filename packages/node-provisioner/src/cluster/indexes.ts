import { Node, NodeClaim, type OwnerReference, Pod } from "@bellows/api";
import type { ControllerContext } from "@bellows/kube";
import { isActive } from "./pods.ts";

type Cache = ControllerContext["cache"];

const none: ReadonlySet<never> = new Set();

/** Look-ups over the shared cache, kept current by its changes: work grows with what changes, not with what exists. */
export class Indexes {
  readonly #podsByNode = new Map<string, Map<string, Pod>>();
  readonly #activeByOwner = new Map<string, Set<string>>();
  readonly #nodeNames = new Map<string, string>();
  readonly #claimNames = new Map<string, string>();
  readonly #attached = new WeakSet<Cache>();

  /** Follows a cache; more than once does nothing. */
  attach(cache: Cache): void {
    if (this.#attached.has(cache)) return;
    this.#attached.add(cache);
    cache.informer(Pod).handle({ changed: (_, before, after) => this.#podChanged(before, after) });
    cache.informer(Node).handle({
      changed: (_, before, after) => move(this.#nodeNames, before?.spec?.providerID, after?.spec?.providerID, after),
    });
    cache.informer(NodeClaim).handle({
      changed: (_, before, after) =>
        move(this.#claimNames, before?.status?.providerID, after?.status?.providerID, after),
    });
  }

  podsOn(nodeName: string): readonly Pod[] {
    return [...(this.#podsByNode.get(nodeName)?.values() ?? [])];
  }

  /** Pods that run or are to run, by the uid of their controller. */
  activePodsOf(ownerUid: string): ReadonlySet<string> {
    return this.#activeByOwner.get(ownerUid) ?? none;
  }

  nodeName(providerId: string): string | undefined {
    return this.#nodeNames.get(providerId);
  }

  claimName(providerId: string): string | undefined {
    return this.#claimNames.get(providerId);
  }

  #podChanged(before: Pod | undefined, after: Pod | undefined): void {
    if (before?.spec?.nodeName) remove(this.#podsByNode, before.spec.nodeName, uidOf(before));
    if (after?.spec?.nodeName) {
      const pods = this.#podsByNode.get(after.spec.nodeName) ?? new Map<string, Pod>();
      pods.set(uidOf(after), after);
      this.#podsByNode.set(after.spec.nodeName, pods);
    }
    const [owner, nextOwner] = [controllerOf(before)?.uid, controllerOf(after)?.uid];
    if (owner && before) remove(this.#activeByOwner, owner, uidOf(before));
    if (nextOwner && after && isActive(after)) {
      const pods = this.#activeByOwner.get(nextOwner) ?? new Set<string>();
      pods.add(uidOf(after));
      this.#activeByOwner.set(nextOwner, pods);
    }
  }
}

export const uidOf = ({ metadata }: Pod): string => metadata.uid ?? `${metadata.namespace}/${metadata.name}`;

export const controllerOf = (object: { metadata: { ownerReferences?: OwnerReference[] } } | undefined) =>
  object?.metadata.ownerReferences?.find((owner) => owner.controller);

function remove(index: Map<string, { delete(uid: string): boolean; readonly size: number }>, key: string, uid: string) {
  const entries = index.get(key);
  entries?.delete(uid);
  if (entries?.size === 0) index.delete(key);
}

function move(
  index: Map<string, string>,
  before: string | undefined,
  after: string | undefined,
  object: { metadata: { name: string } } | undefined,
): void {
  if (before && before !== after) index.delete(before);
  if (after && object) index.set(after, object.metadata.name);
}
