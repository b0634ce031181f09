import { createHash } from "node:crypto";
import { documentV2, documentV3, type OpenApiV2, type OpenApiV3 } from "./documents.ts";
import { encodeGnostic } from "./gnostic.ts";
import { groupVersionPath, type OpenApiResource } from "./openapi-resource.ts";

export interface OpenApiV3Index {
  readonly paths: Record<string, { serverRelativeURL: string }>;
}

/**
 * The OpenAPI documents of a server: `/openapi/v2`, `/openapi/v3` and `/openapi/v3/<group version>`. Each is made when it
 * is first asked for and kept; those of a group version until {@link invalidate} names it. Documents are not changed.
 */
export class OpenApi {
  readonly #resources: () => Iterable<OpenApiResource>;
  readonly #v3 = new Map<string, { document: OpenApiV3; hash: string }>();
  #index: OpenApiV3Index | undefined;
  #v2: OpenApiV2 | undefined;
  #gnostic: Uint8Array | undefined;

  /** @param resources  all that is served, read anew whenever a document has to be made */
  constructor(resources: () => Iterable<OpenApiResource>) {
    this.#resources = resources;
  }

  /** The list of group versions at `/openapi/v3`; each address carries the hash of its document, for caches. */
  v3Index(): OpenApiV3Index {
    if (this.#index) return this.#index;
    const paths: OpenApiV3Index["paths"] = {};
    for (const path of [...new Set([...this.#resources()].map(groupVersionPath))].sort())
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${this.#entry(path)?.hash}` };
    this.#index = { paths };
    return this.#index;
  }

  /** The document of `apis/apps/v1` or `api/v1`; undefined where nothing of it is served. */
  v3(path: string): OpenApiV3 | undefined {
    return this.#entry(path)?.document;
  }

  /** What `ETag` should say of a document: its hash. */
  v3Hash(path: string): string | undefined {
    return this.#entry(path)?.hash;
  }

  v2(): OpenApiV2 {
    this.#v2 ??= documentV2([...this.#resources()]);
    return this.#v2;
  }

  /** Version 2 in protobuf (`application/com.github.proto-openapi.spec.v2.v1.0+protobuf`). */
  v2Protobuf(): Uint8Array {
    this.#gnostic ??= encodeGnostic(this.v2());
    return this.#gnostic;
  }

  /** Forgets what a change of resources makes stale: call it when a definition or an APIService comes, changes or goes. */
  invalidate(groupVersion: { readonly group: string; readonly version: string }): void {
    this.#v3.delete(groupVersionPath(groupVersion));
    this.#index = undefined;
    this.#v2 = undefined;
    this.#gnostic = undefined;
  }

  #entry(path: string) {
    const known = this.#v3.get(path);
    if (known) return known;
    const resources = [...this.#resources()].filter((resource) => groupVersionPath(resource) === path);
    if (resources.length === 0) return undefined;
    const document = documentV3(resources);
    const hash = createHash("sha512").update(JSON.stringify(document)).digest("hex").toUpperCase();
    const entry = { document, hash };
    this.#v3.set(path, entry);
    return entry;
  }
}

export type { OpenApiV2, OpenApiV3 } from "./documents.ts";
export type { OpenApiResource } from "./openapi-resource.ts";
