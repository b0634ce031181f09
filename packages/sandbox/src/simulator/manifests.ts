import type { Kind, KubernetesObject } from "@bellows/api";
import type { Client, ResourceInfo } from "@bellows/kube";
import { parseAllDocuments } from "yaml";

/** Files by a path relative to the scenario: the only way a run reaches the disk. */
export interface Files {
  /** The file's text, or of a folder the texts of its manifests in the order of their names. */
  read(path: string): readonly string[];
}

/** The objects of YAML texts, lists taken apart. `${NAME}` stands for a variable, as in a shell's here-document. */
export function objectsOf(texts: readonly string[], variables: Readonly<Record<string, string>>): KubernetesObject[] {
  return texts.flatMap((text) => {
    const filled = text.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => variables[name] ?? whole);
    return parseAllDocuments(filled).flatMap((document) => {
      const [problem] = document.errors;
      if (problem) throw problem;
      const value = document.toJS() as (KubernetesObject & { items?: KubernetesObject[] }) | null;
      if (!value) return [];
      return value.kind?.endsWith("List") && value.items ? value.items : [value];
    });
  });
}

/** A kind that is known by discovery only: enough to address its objects. */
export function kindOf(resource: ResourceInfo): Kind {
  const { group, version, kind, plural, namespaced } = resource;
  return {
    group,
    version,
    kind,
    plural,
    singular: kind.toLowerCase(),
    listKind: `${kind}List`,
    shortNames: [],
    categories: [],
    scope: namespaced ? "Namespaced" : "Cluster",
    apiVersion: group ? `${group}/${version}` : version,
    custom: undefined,
    get schema(): never {
      throw new Error(`${kind}: known by discovery only, it has no schema here`);
    },
  };
}

/** The kind of an object, asked of the server. */
export async function kindOfObject(client: Client, { apiVersion = "", kind = "" }: KubernetesObject): Promise<Kind> {
  const resource = await client.resourceOf(apiVersion, kind);
  if (!resource) throw new Error(`no matches for kind "${kind}" in version "${apiVersion}"`);
  return kindOf(resource);
}

/** Server-side apply of objects in their order; those without a namespace go to `namespace`. */
export async function applyObjects(
  client: Client,
  objects: readonly KubernetesObject[],
  namespace: string,
  fieldManager: string,
): Promise<void> {
  for (const object of objects) {
    const kind = await kindOfObject(client, object);
    const placed =
      kind.scope === "Namespaced" && !object.metadata.namespace
        ? { ...object, metadata: { ...object.metadata, namespace } }
        : object;
    await client.apply(kind, placed, { fieldManager, force: true });
  }
}
