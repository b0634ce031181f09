import { isNotFound } from "./api-error.ts";
import type { ResourceInfo } from "./client.ts";
import { groupVersionPath, parseApiVersion } from "./resource-path.ts";

interface ApiResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
  }[];
}

/**
 * Finds resources by apiVersion and kind. A group version that was read is kept; it is read again where a kind is
 * missing in it, so that a CRD that was installed later is found.
 */
export class Discovery {
  readonly #raw: (path: string) => Promise<unknown>;
  readonly #known = new Map<string, Promise<Map<string, ResourceInfo>>>();

  constructor(raw: (path: string) => Promise<unknown>) {
    this.#raw = raw;
  }

  async resourceOf(apiVersion: string, kind: string): Promise<ResourceInfo | undefined> {
    const before = this.#known.get(apiVersion);
    const known = before && (await before.catch(() => undefined))?.get(kind);
    if (known) return known;
    // Another caller may have started to read it in the meantime.
    const current = this.#known.get(apiVersion);
    const reading = current && current !== before ? current : this.#read(apiVersion);
    return (await reading).get(kind);
  }

  #read(apiVersion: string): Promise<Map<string, ResourceInfo>> {
    const { group, version } = parseApiVersion(apiVersion);
    const reading = this.#raw(groupVersionPath(group, version)).then(
      (body) => resourcesByKind(group, version, body as ApiResourceList),
      (error: unknown) => {
        this.#known.delete(apiVersion);
        if (isNotFound(error)) return new Map<string, ResourceInfo>();
        throw error;
      },
    );
    this.#known.set(apiVersion, reading);
    return reading;
  }
}

function resourcesByKind(group: string, version: string, list: ApiResourceList): Map<string, ResourceInfo> {
  const resources = list.resources ?? [];
  const found = new Map<string, ResourceInfo>();
  for (const { name, kind, namespaced } of resources) {
    if (name.includes("/")) continue;
    const subresources = resources
      .filter((r) => r.name.startsWith(`${name}/`))
      .map((r) => r.name.slice(name.length + 1));
    found.set(kind, { group, version, kind, plural: name, namespaced, subresources });
  }
  return found;
}
