import { CustomResourceDefinition, type Kind, type KubernetesObject, type OwnerReference } from "@bellows/api";
import {
  type Client,
  type Controller,
  type ControllerContext,
  isConflict,
  isNotFound,
  type ObjectKey,
} from "@bellows/kube";
import { servedResources } from "../served-resources.ts";
import { fieldManager, toleratingConflicts } from "../writes.ts";
import { decideFate, type GraphNode, graphNode, OwnerGraph, type Owners } from "./owner-graph.ts";

/** Kinds that are never owned, and are many. */
const ignored = new Set(["/Event", "events.k8s.io/Event"]);

/**
 * Deletes what its owners leave behind: in the background, in the foreground (dependents first), or orphaned. It follows every
 * kind that discovery names, custom ones as they are established. Writes: deletions, finalizers and owner references.
 */
export function garbageCollector(): Controller {
  let collector: Collector | undefined;
  return toleratingConflicts({
    name: "generic-garbage-collector",
    watches: [],
    reads: [CustomResourceDefinition as never],
    async start(context) {
      collector = new Collector(context);
      await collector.start();
    },
    async reconcile({ name }, { client }) {
      await collector?.process(name, client);
    },
  });
}

const rediscoverMs = 5_000;

class Collector {
  readonly #context: ControllerContext;
  readonly #graph = new OwnerGraph();
  readonly #followed = new Set<string>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  async start(): Promise<void> {
    await this.#discover();
    const { cache, signal } = this.#context;
    cache.informer(CustomResourceDefinition).handle({
      changed: (_, before, after) => {
        if (signal.aborted || !isEstablished(after) || !after.spec || isEstablished(before)) return;
        const { group, names, scope, versions } = after.spec;
        const version = versions.find(({ storage }) => storage)?.name ?? versions[0]?.name;
        if (!version) return;
        const apiVersion = `${group}/${version}`;
        this.#follow({
          group,
          version,
          apiVersion,
          kind: names.kind,
          plural: names.plural,
          singular: names.singular ?? names.kind.toLowerCase(),
          listKind: names.listKind ?? `${names.kind}List`,
          shortNames: names.shortNames ?? [],
          categories: names.categories ?? [],
          scope: scope === "Namespaced" ? "Namespaced" : "Cluster",
        } as unknown as Kind);
      },
    });
  }

  async #discover(): Promise<void> {
    const { client, clock, log, signal } = this.#context;
    let resources: Awaited<ReturnType<typeof servedResources>>["resources"];
    try {
      ({ resources } = await servedResources(client));
    } catch (error) {
      log.warn("failed to discover what to collect", { error: String(error) });
      clock.after(rediscoverMs, () => {
        if (!signal.aborted) void this.#discover();
      });
      return;
    }
    for (const { kind, verbs } of resources) {
      if (["list", "watch", "delete"].every((verb) => verbs.includes(verb))) this.#follow(kind);
    }
  }

  #follow(kind: Kind): void {
    const id = `${kind.group}/${kind.kind}`;
    if (ignored.has(id) || this.#followed.has(id)) return;
    this.#followed.add(id);
    this.#context.cache.informer(kind).handle({
      changed: (_, before, after) => this.#changed(kind, before, after),
    });
  }

  #enqueue(uid: string): void {
    this.#context.enqueue({ name: uid });
  }

  #changed(kind: Kind, before: KubernetesObject | undefined, after: KubernetesObject | undefined): void {
    if (before && before.metadata.uid !== after?.metadata.uid) this.#gone(before.metadata.uid ?? "");
    if (!after) return;
    const { uid = "", ownerReferences, finalizers, deletionTimestamp } = after.metadata;
    const known = this.#graph.get(uid);
    if (
      known &&
      before?.metadata.ownerReferences === ownerReferences &&
      before?.metadata.finalizers === finalizers &&
      before?.metadata.deletionTimestamp === deletionTimestamp
    ) {
      return;
    }
    const node = graphNode(kind, after);
    this.#graph.set(node);
    if (node.orphansDependents || node.waitsForDependents) this.#enqueue(uid);
    const lostOwner = node.owners.some((owner) => {
      const graphOwner = this.#graph.get(owner.uid);
      return !graphOwner || graphOwner.waitsForDependents;
    });
    if (lostOwner) this.#enqueue(uid);
  }

  #gone(uid: string): void {
    const node = this.#graph.get(uid);
    this.#graph.delete(uid);
    for (const dependent of this.#graph.dependentsOf(uid)) this.#enqueue(dependent.uid);
    // An owner in the foreground may have waited for this one.
    for (const owner of node?.owners ?? [])
      if (this.#graph.get(owner.uid)?.waitsForDependents) this.#enqueue(owner.uid);
  }

  async process(uid: string, client: Client): Promise<void> {
    const node = this.#graph.get(uid);
    if (!node) return;
    if (node.orphansDependents) return this.#orphan(node, client);
    if (node.waitsForDependents) await this.#foreground(node, client);
    const owners = await this.#ownersOf(node, client);
    const dependents = this.#graph.dependentsOf(uid);
    const verdict = decideFate(node, owners, dependents.length > 0);
    if (verdict.act === "unlink") await this.#unlink(node, verdict.uids, client);
    if (verdict.act !== "delete") return;
    await client
      .delete(node.kind, node.key, { preconditions: { uid }, propagationPolicy: verdict.policy })
      .catch(ignoreGone);
  }

  async #ownersOf(node: GraphNode, client: Client): Promise<Owners> {
    const solid: OwnerReference[] = [];
    const absent: OwnerReference[] = [];
    const waiting: OwnerReference[] = [];
    for (const owner of node.owners) {
      const known = this.#graph.get(owner.uid);
      if (known?.waitsForDependents) waiting.push(owner);
      else if (known || (await this.#exists(owner, node.key, client))) solid.push(owner);
      else absent.push(owner);
    }
    return { solid, absent, waiting };
  }

  /** Asks the API server itself: a cache that is behind must not make an object an orphan. */
  async #exists(
    { apiVersion, kind, name, uid }: OwnerReference,
    { namespace }: ObjectKey,
    client: Client,
  ): Promise<boolean> {
    const resource = await client.resourceOf(apiVersion, kind);
    // A kind that is not served says nothing of its objects: they may come back with it.
    if (!resource) return true;
    if (resource.namespaced && !namespace) return false;
    const key = resource.namespaced && namespace ? { namespace, name } : { name };
    const ownerKind = {
      ...resource,
      apiVersion,
      scope: resource.namespaced ? "Namespaced" : "Cluster",
    } as unknown as Kind;
    const owner = await client.find(ownerKind, key);
    return owner?.metadata.uid === uid;
  }

  /** Deletes dependents that block their owner; once none is left, the owner may go. */
  async #foreground(node: GraphNode, client: Client): Promise<void> {
    const dependents = this.#graph.dependentsOf(node.uid);
    for (const dependent of dependents) if (!dependent.isDeleting) this.#enqueue(dependent.uid);
    const blocking = dependents.some(({ owners }) =>
      owners.some(({ uid, blockOwnerDeletion }) => uid === node.uid && blockOwnerDeletion),
    );
    if (!blocking) await removeFinalizer(node, "foregroundDeletion", client);
  }

  async #orphan(node: GraphNode, client: Client): Promise<void> {
    for (const dependent of this.#graph.dependentsOf(node.uid)) await this.#unlink(dependent, [node.uid], client);
    await removeFinalizer(node, "orphan", client);
  }

  async #unlink({ kind, key, uid }: GraphNode, owners: readonly string[], client: Client): Promise<void> {
    const object = await client.find(kind, key);
    if (object?.metadata.uid !== uid) return;
    const rest = (object.metadata.ownerReferences ?? []).filter((owner) => !owners.includes(owner.uid));
    const metadata = {
      uid,
      resourceVersion: object.metadata.resourceVersion,
      ownerReferences: rest.length > 0 ? rest : null,
    };
    await client.patch(kind, key, { type: "merge", body: { metadata } }, { fieldManager }).catch(ignoreGone);
  }
}

async function removeFinalizer({ kind, key, uid }: GraphNode, finalizer: string, client: Client): Promise<void> {
  const object = await client.find(kind, key);
  if (object?.metadata.uid !== uid || !object.metadata.finalizers?.includes(finalizer)) return;
  const rest = object.metadata.finalizers.filter((each) => each !== finalizer);
  const metadata = { uid, resourceVersion: object.metadata.resourceVersion, finalizers: rest.length > 0 ? rest : null };
  await client.patch(kind, key, { type: "merge", body: { metadata } }, { fieldManager }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

function ignoreGone(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}

const isEstablished = (crd: CustomResourceDefinition | undefined): crd is CustomResourceDefinition =>
  crd?.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") ?? false;
