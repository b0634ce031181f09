import { type ApiRequest, type ApiResponse, ok } from "../api-request.ts";
import { apiVersionOf } from "../resource.ts";
import type { ResourceRegistry, ServedGroup } from "../resource-registry.ts";
import {
  aggregated,
  aggregatedContentType,
  coreVersions,
  type DiscoveryDocument,
  etagOf,
  groupDocument,
  groupList,
  type RemoteGroupVersion,
  resourceList,
  wantsAggregated,
} from "./discovery-documents.ts";

export type { RemoteGroupVersion };

/** What other API servers add to discovery. */
export interface RemoteDiscovery {
  /** Grows when what is registered changes. */
  readonly revision: number;
  groupVersions(): Promise<readonly RemoteGroupVersion[]>;
}

const noRemote: RemoteDiscovery = { revision: 0, groupVersions: async () => [] };

/** Answers /api, /apis and what is below them, down to a group version. */
export class Discovery {
  readonly #registry: ResourceRegistry;
  readonly #remote: RemoteDiscovery;
  readonly #documents = new Map<string, DiscoveryDocument>();
  #madeFor = "";

  constructor(registry: ResourceRegistry, remote: RemoteDiscovery = noRemote) {
    this.#registry = registry;
    this.#remote = remote;
  }

  /** The answer to a path; undefined where it is not one of discovery's. */
  async answer(request: ApiRequest): Promise<ApiResponse | undefined> {
    const [root, group, version, ...more] = request.path.split("/").filter((part) => part !== "");
    if (more.length > 0 || (root !== "api" && root !== "apis")) return undefined;
    if (root === "api") {
      if (group === undefined)
        return this.#root(request, [{ name: "", versions: ["v1"] }], [], () => coreVersions("127.0.0.1"));
      return group === "v1" && version === undefined ? ok(this.#resources("", "v1")) : undefined;
    }
    if (group !== undefined && version !== undefined)
      return this.#registry.hasVersion(group, version) ? ok(this.#resources(group, version)) : undefined;
    const remote = await this.#remote.groupVersions();
    const groups = this.#groups(remote);
    if (group === undefined) return this.#root(request, groups, remote, () => groupList(groups));
    const found = groups.find((one) => one.name === group);
    return found && ok(groupDocument(found));
  }

  #groups(remote: readonly RemoteGroupVersion[]): readonly ServedGroup[] {
    const groups = this.#registry.groups().map(({ name, versions }) => ({ name, versions: [...versions] }));
    for (const { group, version } of remote) {
      const known = groups.find(({ name }) => name === group);
      if (!known) groups.push({ name: group, versions: [version] });
      else if (!known.versions.includes(version)) known.versions.push(version);
    }
    return groups;
  }

  #root(
    request: ApiRequest,
    groups: readonly ServedGroup[],
    remote: readonly RemoteGroupVersion[],
    legacy: () => unknown,
  ): ApiResponse {
    if (!wantsAggregated(request.headers.accept)) return ok(legacy());
    // A server that did not answer may do so the next time.
    const key = `${request.path}${remote.map(({ fresh }) => (fresh ? "+" : "-")).join("")}`;
    const { body, etag } = this.#cached(key, () => aggregated(this.#registry, groups, remote));
    const headers = { "content-type": aggregatedContentType, etag, vary: "Accept" };
    if (request.headers["if-none-match"] === etag) return { status: 304, headers, body: undefined };
    return { status: 200, headers, body };
  }

  #resources(group: string, version: string): unknown {
    const key = `${group}/${version}`;
    return this.#cached(key, () => resourceList(apiVersionOf(group, version), this.#registry.resources(group, version)))
      .body;
  }

  #cached(key: string, make: () => unknown): DiscoveryDocument {
    const state = `${this.#registry.revision}/${this.#remote.revision}`;
    if (state !== this.#madeFor) {
      this.#documents.clear();
      this.#madeFor = state;
    }
    let document = this.#documents.get(key);
    if (!document) {
      const body = make();
      document = { body, etag: etagOf(body) };
      this.#documents.set(key, document);
    }
    return document;
  }
}
