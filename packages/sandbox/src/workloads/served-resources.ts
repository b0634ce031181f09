import type { Kind, KubernetesObject } from "@bellows/api";
import { type Client, parseApiVersion } from "@bellows/kube";

/** A resource as discovery tells of it. */
export interface ServedResource {
  readonly kind: Kind;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

interface GroupList {
  readonly groups?: readonly { readonly preferredVersion?: { readonly groupVersion: string } }[];
}

interface ResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
}

/** A kind that is known by its names only: enough for the client to read and delete. */
export const namedKind = (apiVersion: string, kind: string, plural: string, namespaced: boolean): Kind =>
  ({
    ...parseApiVersion(apiVersion),
    apiVersion,
    kind,
    plural,
    singular: kind.toLowerCase(),
    listKind: `${kind}List`,
    shortNames: [],
    categories: [],
    scope: namespaced ? "Namespaced" : "Cluster",
  }) as unknown as Kind<KubernetesObject>;

/** All resources in the preferred version of each group, core first. A group that does not answer is told of, and left out. */
export async function servedResources(
  client: Client,
): Promise<{ resources: ServedResource[]; failedGroups: string[] }> {
  const groups = (await client.raw("/apis")) as GroupList;
  const versions = (groups.groups ?? []).flatMap(({ preferredVersion }) => preferredVersion?.groupVersion ?? []);
  const resources: ServedResource[] = [];
  const failedGroups: string[] = [];
  for (const apiVersion of ["v1", ...versions]) {
    try {
      const list = (await client.raw(apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`)) as ResourceList;
      for (const { name, kind, namespaced, verbs } of list.resources ?? []) {
        if (!name.includes("/"))
          resources.push({ kind: namedKind(apiVersion, kind, name, namespaced), namespaced, verbs });
      }
    } catch {
      failedGroups.push(apiVersion);
    }
  }
  return { resources, failedGroups };
}
