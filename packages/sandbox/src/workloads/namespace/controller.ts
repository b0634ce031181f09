import { type KubernetesObject, Namespace, Pod } from "@bellows/api";
import {
  type Client,
  type Controller,
  type ControllerContext,
  isNotFound,
  lookAgainAt,
  mapped,
  self,
} from "@bellows/kube";
import { type ServedResource, servedResources } from "../served-resources.ts";
import { fieldManager, toleratingConflicts, writeStatus } from "../writes.ts";
import { deletionConditions, type Remains } from "./conditions.ts";

const kubernetesFinalizer = "kubernetes";
/** How soon what remains is looked at again, where nothing tells that it has gone. */
const pollMs = 1_000;

/** Empties namespaces that are being deleted, pods first, and lets them go. Writes: their content, Namespace status. */
export const namespaceController = (): Controller =>
  toleratingConflicts({
    name: "namespace-controller",
    watches: [
      self(Namespace),
      mapped(Pod, (pod, { cache }) => {
        const name = pod.metadata.namespace as string;
        return cache.get(Namespace, { name })?.metadata.deletionTimestamp ? [{ name }] : [];
      }),
    ],
    async reconcile(key, context) {
      const namespace = context.cache.get(Namespace, key);
      if (!namespace?.metadata.deletionTimestamp) return undefined;
      if (!namespace.spec?.finalizers?.includes(kubernetesFinalizer)) return undefined;
      return empty(namespace, context);
    },
  });

async function empty(namespace: Namespace, context: ControllerContext) {
  const { client, clock } = context;
  const { name } = namespace.metadata;
  const { resources, failedGroups } = await servedResources(client);
  const deletable = resources.filter(
    ({ namespaced, verbs }) => namespaced && verbs.includes("delete") && verbs.includes("list"),
  );
  const pods = deletable.filter(({ kind }) => kind.kind === "Pod" && kind.group === "");
  const others = deletable.filter((resource) => !pods.includes(resource));

  let remains = await deleteAll(pods, name, failedGroups, client);
  // Policies and the like stay in force for as long as pods run.
  if (remains.counts.size === 0) remains = await deleteAll(others, name, failedGroups, client);
  const conditions = deletionConditions(namespace.status?.conditions, remains, clock.now());
  const written = await writeStatus(client, Namespace, namespace, {
    ...namespace.status,
    phase: "Terminating",
    conditions,
  });
  const isDone = remains.counts.size === 0 && remains.errors.length === 0 && failedGroups.length === 0;
  if (!isDone) return lookAgainAt(clock.now() + pollMs);
  const finalizers = (written.spec?.finalizers ?? []).filter((finalizer) => finalizer !== kubernetesFinalizer);
  await client.update(
    Namespace,
    { ...written, spec: { ...written.spec, finalizers } },
    { subresource: "finalize", fieldManager },
  );
  return undefined;
}

async function deleteAll(
  resources: readonly ServedResource[],
  namespace: string,
  failedGroups: readonly string[],
  client: Client,
): Promise<Remains> {
  const counts = new Map<string, number>();
  const finalizers = new Map<string, number>();
  const errors: string[] = [];
  for (const { kind, verbs } of resources) {
    const resource = `${kind.plural}.${kind.group}`;
    try {
      let items = await list(client, kind, namespace);
      if (items.length === 0) continue;
      if (verbs.includes("deletecollection")) {
        await client.deleteCollection(kind, { namespace }, { propagationPolicy: "Background" });
      } else {
        for (const { metadata } of items) {
          await client
            .delete(kind, { namespace, name: metadata.name }, { propagationPolicy: "Background" })
            .catch(ignoreGone);
        }
      }
      items = await list(client, kind, namespace);
      if (items.length > 0) counts.set(resource, items.length);
      for (const { metadata } of items) {
        for (const finalizer of metadata.finalizers ?? [])
          finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
      }
    } catch (error) {
      if (!isNotFound(error)) errors.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { counts, finalizers, errors, failedGroups };
}

const list = async (
  client: Client,
  kind: ServedResource["kind"],
  namespace: string,
): Promise<readonly KubernetesObject[]> => (await client.listAll(kind, { namespace })).items;

function ignoreGone(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
