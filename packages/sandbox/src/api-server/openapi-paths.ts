import { type ApiRequest, type ApiResponse, ok } from "./api-request.ts";
import { OpenApi } from "./openapi/openapi.ts";
import type { ResourceRegistry } from "./resource-registry.ts";

/** How kubectl asks for the protobuf form of version 2; an older spelling has `@`, which no media type may have. */
const wantsProtobufV2 = /application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/;
const protobufV2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/** An address with a hash never shows anything else. */
const kept = { "cache-control": "public, immutable" };

/** /openapi/v2, /openapi/v3 and the documents of group versions. */
export class OpenApiPaths {
  readonly #registry: ResourceRegistry;
  #documents: OpenApi;
  #madeFor: number;

  constructor(registry: ResourceRegistry) {
    this.#registry = registry;
    this.#documents = new OpenApi(() => registry.all());
    this.#madeFor = registry.revision;
  }

  answer(request: ApiRequest): ApiResponse | undefined {
    const path = request.path.replace(/\/+$/, "");
    if (!path.startsWith("/openapi/")) return undefined;
    const documents = this.#current();
    if (path === "/openapi/v2") {
      if (!wantsProtobufV2.test(request.headers.accept ?? "")) return ok(documents.v2());
      return { status: 200, headers: { "content-type": protobufV2 }, body: documents.v2Protobuf() };
    }
    if (path === "/openapi/v3") return ok(documents.v3Index());
    if (!path.startsWith("/openapi/v3/")) return undefined;
    const groupVersion = path.slice("/openapi/v3/".length);
    const document = documents.v3(groupVersion);
    if (!document) return { status: 404, headers: {}, body: "" };
    const etag = JSON.stringify(documents.v3Hash(groupVersion) ?? "");
    const headers = { "content-type": "application/json", etag, ...(request.query.get("hash") && kept) };
    if (request.headers["if-none-match"] === etag) return { status: 304, headers, body: undefined };
    return { status: 200, headers, body: document };
  }

  /** Documents of the group versions that have changed are made anew. */
  #current(): OpenApi {
    const { revision } = this.#registry;
    if (revision !== this.#madeFor) {
      for (const { name, versions } of [...this.#registry.groups()])
        for (const version of versions) this.#documents.invalidate({ group: name, version });
      this.#madeFor = revision;
    }
    return this.#documents;
  }
}
