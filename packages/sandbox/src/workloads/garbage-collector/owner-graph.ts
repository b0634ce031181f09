import type { Kind, KubernetesObject, OwnerReference } from "@bellows/api";
import type { ObjectKey } from "@bellows/kube";

/** An object as the collector knows it: who it is, who owns it, and how it is being deleted. */
export interface GraphNode {
  readonly uid: string;
  readonly kind: Kind;
  readonly key: ObjectKey;
  readonly owners: readonly OwnerReference[];
  readonly isDeleting: boolean;
  readonly waitsForDependents: boolean;
  readonly orphansDependents: boolean;
}

export function graphNode(kind: Kind, { metadata }: KubernetesObject): GraphNode {
  const { namespace, name, uid = "", ownerReferences = [], deletionTimestamp, finalizers = [] } = metadata;
  const isDeleting = deletionTimestamp !== undefined;
  return {
    uid,
    kind,
    key: namespace ? { namespace, name } : { name },
    owners: ownerReferences,
    isDeleting,
    waitsForDependents: isDeleting && finalizers.includes("foregroundDeletion"),
    orphansDependents: isDeleting && finalizers.includes("orphan"),
  };
}

/** Who owns whom, kept current object by object. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** What names `uid` as an owner, in the order in which it was first seen. */
  dependentsOf(uid: string): GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#nodes.get(dependent) ?? []);
  }

  set(node: GraphNode): void {
    const before = this.#nodes.get(node.uid);
    this.#nodes.set(node.uid, node);
    for (const { uid } of before?.owners ?? []) {
      if (!node.owners.some((owner) => owner.uid === uid)) this.#unlink(uid, node.uid);
    }
    for (const { uid } of node.owners) {
      let dependents = this.#dependents.get(uid);
      if (!dependents) this.#dependents.set(uid, (dependents = new Set()));
      dependents.add(node.uid);
    }
  }

  delete(uid: string): void {
    const node = this.#nodes.get(uid);
    this.#nodes.delete(uid);
    for (const owner of node?.owners ?? []) this.#unlink(owner.uid, uid);
  }

  #unlink(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner);
    dependents?.delete(dependent);
    if (dependents?.size === 0) this.#dependents.delete(owner);
  }
}

/** How each owner of an object stands. */
export interface Owners {
  readonly solid: readonly OwnerReference[];
  readonly absent: readonly OwnerReference[];
  /** Being deleted in the foreground: they wait for this object. */
  readonly waiting: readonly OwnerReference[];
}

export type Verdict =
  | { readonly act: "keep" }
  /** Some owners hold it still: only the references to the others go. */
  | { readonly act: "unlink"; readonly uids: readonly string[] }
  | { readonly act: "delete"; readonly policy: "Background" | "Foreground" | "Orphan" };

/** What becomes of an object, by its owners (garbagecollector `attemptToDeleteItem`, 1.35). */
export function decideFate(node: GraphNode, { solid, absent, waiting }: Owners, hasDependents: boolean): Verdict {
  if (node.owners.length === 0) return { act: "keep" };
  if (solid.length > 0) {
    const uids = [...absent, ...waiting].map(({ uid }) => uid);
    return uids.length === 0 ? { act: "keep" } : { act: "unlink", uids };
  }
  if (node.isDeleting) return { act: "keep" };
  if (waiting.length > 0 && hasDependents) return { act: "delete", policy: "Foreground" };
  return { act: "delete", policy: "Background" };
}
