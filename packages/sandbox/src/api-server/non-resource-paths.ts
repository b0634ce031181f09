import { type ApiRequest, type ApiResponse, ok, text } from "./api-request.ts";
import { apiVersionOf } from "./resource.ts";
import type { ResourceRegistry } from "./resource-registry.ts";
import { methodNotAllowed } from "./rest/refusals.ts";
import type { Store } from "./store.ts";

/** The Kubernetes version whose API is served. */
const version = {
  major: "1",
  minor: "35",
  emulationMajor: "1",
  emulationMinor: "35",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "34",
  gitVersion: "v1.35.4+bellows-sandbox",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: "linux/amd64",
};

const checks = [
  "ping",
  "log",
  "etcd",
  "poststarthook/start-apiextensions-controllers",
  "poststarthook/crd-informer-synced",
  "poststarthook/rbac/bootstrap-roles",
  "poststarthook/apiservice-registration-controller",
];

/** /version, the health endpoints, /metrics, and the list of paths at the root. */
export class NonResourcePaths {
  readonly #registry: ResourceRegistry;
  readonly #store: Store;

  constructor(registry: ResourceRegistry, store: Store) {
    this.#registry = registry;
    this.#store = store;
  }

  answer(request: ApiRequest): ApiResponse | undefined {
    const path = request.path.length > 1 ? request.path.replace(/\/+$/, "") : request.path;
    const answer = this.#answers(path, request);
    if (!answer) return undefined;
    if (request.method !== "GET" && !(request.method === "HEAD" && path !== "/version")) throw methodNotAllowed();
    return answer;
  }

  #answers(path: string, request: ApiRequest): ApiResponse | undefined {
    switch (path) {
      case "/version":
        return ok(version);
      case "/healthz":
      case "/livez":
      case "/readyz":
        return text(health(path.slice(1), request.query.flag("verbose")));
      case "/metrics":
        return text(this.#metrics(), 200, "text/plain; version=0.0.4; charset=utf-8");
      case "/":
        return ok({ paths: this.#paths() });
      case "/.well-known/openid-configuration":
      case "/openid/v1/jwks":
        return undefined;
    }
    const check = /^\/(?:healthz|livez|readyz)\/(.+)$/.exec(path)?.[1];
    return check !== undefined && checks.includes(check) ? text("ok") : undefined;
  }

  #paths(): string[] {
    const groups = this.#registry.groups();
    return [
      "/api",
      "/api/v1",
      "/apis",
      "/apis/",
      ...groups.flatMap(({ name, versions }) => [
        `/apis/${name}`,
        ...versions.map((one) => `/apis/${apiVersionOf(name, one)}`),
      ]),
      "/healthz",
      ...checks.map((check) => `/healthz/${check}`),
      "/livez",
      "/metrics",
      "/openapi/v2",
      "/openapi/v3",
      "/openapi/v3/",
      "/readyz",
      "/version",
    ].sort();
  }

  #metrics(): string {
    const lines = [
      "# HELP apiserver_storage_objects [STABLE] Number of stored objects at the time of last check split by kind.",
      "# TYPE apiserver_storage_objects gauge",
    ];
    const watchers = [
      "# HELP apiserver_longrunning_requests Gauge of all active long-running apiserver requests.",
      "# TYPE apiserver_longrunning_requests gauge",
    ];
    for (const collection of [...this.#store.collections()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const [group = "", plural = ""] = collection.name.split("/");
      const name = group ? `${plural}.${group}` : plural;
      if (collection.size > 0) lines.push(`apiserver_storage_objects{resource="${name}"} ${collection.size}`);
      if (collection.subscribers.size > 0)
        watchers.push(
          `apiserver_longrunning_requests{group="${group}",resource="${plural}",verb="WATCH"} ${collection.subscribers.size}`,
        );
    }
    return `${[...lines, ...watchers].join("\n")}\n`;
  }
}

function health(name: string, verbose: boolean): string {
  if (!verbose) return "ok";
  return `${checks.map((check) => `[+]${check} ok`).join("\n")}\n${name} check passed\n`;
}
