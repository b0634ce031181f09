import type { ResourceDescription, ServedResource } from "./resource.ts";

/** A group with its versions, the preferred one first. */
export interface ServedGroup {
  readonly name: string;
  readonly versions: readonly string[];
}

/** Every resource that is served now: built-in ones, and those of the CustomResourceDefinitions. */
export class ResourceRegistry {
  readonly #byPath = new Map<string, ServedResource>();
  readonly #groups = new Map<string, string[]>();
  #revision = 0;
  #listeners: (() => void)[] = [];

  /** Calls `listener` now, and whenever what is served has changed. */
  changed(listener: () => void): void {
    this.#listeners.push(listener);
    listener();
  }

  /** Grows with every change: what discovery documents are cached by. */
  get revision(): number {
    return this.#revision;
  }

  add(resource: ServedResource): void {
    this.#byPath.set(pathOf(resource.group, resource.version, resource.plural), resource);
    const versions = this.#groups.get(resource.group);
    if (!versions) this.#groups.set(resource.group, [resource.version]);
    else if (!versions.includes(resource.version)) {
      versions.push(resource.version);
      versions.sort(compareVersions);
    }
    this.#tell();
  }

  #tell(): void {
    this.#revision++;
    for (const listener of this.#listeners) listener();
  }

  remove(resource: Pick<ResourceDescription, "group" | "version" | "plural">): void {
    if (!this.#byPath.delete(pathOf(resource.group, resource.version, resource.plural))) return;
    const versions = (this.#groups.get(resource.group) ?? []).filter((version) =>
      this.resources(resource.group, version).some(() => true),
    );
    if (versions.length > 0) this.#groups.set(resource.group, versions);
    else this.#groups.delete(resource.group);
    this.#tell();
  }

  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#byPath.get(pathOf(group, version, plural));
  }

  /** In the order they were added. */
  all(): Iterable<ServedResource> {
    return this.#byPath.values();
  }

  resources(group: string, version: string): readonly ServedResource[] {
    return [...this.#byPath.values()].filter((r) => r.group === group && r.version === version);
  }

  /** The resource of a kind; of its group's preferred version where none is asked for. */
  ofKind(group: string, kind: string, version?: string): ServedResource | undefined {
    for (const candidate of version ? [version] : (this.#groups.get(group) ?? [])) {
      for (const resource of this.#byPath.values()) {
        if (resource.group === group && resource.version === candidate && resource.kind === kind) return resource;
      }
    }
    return undefined;
  }

  /** Whether the server itself has resources of a group, and not only CustomResourceDefinitions. */
  isBuiltin(group: string): boolean {
    for (const resource of this.#byPath.values()) if (resource.group === group && !resource.custom) return true;
    return false;
  }

  hasVersion(group: string, version: string): boolean {
    return this.#groups.get(group)?.includes(version) ?? false;
  }

  /** Groups other than the core one, in the order they were added. */
  groups(): readonly ServedGroup[] {
    return [...this.#groups].filter(([name]) => name !== "").map(([name, versions]) => ({ name, versions }));
  }

  group(name: string): ServedGroup | undefined {
    const versions = this.#groups.get(name);
    return versions && { name, versions };
  }
}

const pathOf = (group: string, version: string, plural: string) => `${group}/${version}/${plural}`;

/**
 * The order in which a group's versions are preferred: v2 before v1 before v1beta1 before v1alpha1, then others by name
 * (apimachinery `version.CompareKubeAwareVersionStrings`).
 */
export function compareVersions(a: string, b: string): number {
  const left = parseVersion(a);
  const right = parseVersion(b);
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : a > b ? 1 : 0;
  return right.stability - left.stability || right.major - left.major || right.minor - left.minor;
}

function parseVersion(text: string) {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(text);
  if (!match) return undefined;
  const stability = match[2] === "alpha" ? 0 : match[2] === "beta" ? 1 : 2;
  return { stability, major: Number(match[1]), minor: Number(match[3] ?? 0) };
}
