import type { KubernetesObject, ScaledJob, ScaledJobTrigger } from "@bellows/api";
import {
  type Client,
  createClient,
  type Logger,
  silentLogger,
  systemClock,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from "@bellows/kube";
import type { TriggerAccess } from "../scaling.ts";
import { type AccessOptions, createResolveAccess } from "./resolve-access.ts";

/** As much of a cluster as resolving needs: objects by path, tokens of service accounts. Remembers what was sent. */
export class FakeCluster {
  readonly #objects = new Map<string, KubernetesObject>();
  readonly requests: TransportRequest[] = [];
  readonly client: Client;
  readonly warnings: { readonly message: string; readonly fields: unknown }[] = [];

  constructor(objects: readonly KubernetesObject[]) {
    for (const object of objects) this.#objects.set(pathOf(object), object);
    const transport: Transport = {
      request: async (request) => this.#answer(request),
      watch: () => ({ stop() {} }),
    };
    this.client = createClient(transport, { clock: systemClock });
  }

  get log(): Logger {
    return { ...silentLogger, warn: (message, fields) => void this.warnings.push({ message, fields }) };
  }

  #answer(request: TransportRequest): TransportResponse {
    this.requests.push(request);
    const { path, method } = request;
    if (method === "POST" && path.endsWith("/token") && this.#objects.has(path.replace(/\/token$/, ""))) {
      return { status: 201, headers: {}, body: { status: { token: `token-of-${path.split("/").at(-2)}` } } };
    }
    const found = this.#objects.get(path);
    if (found) return { status: 200, headers: {}, body: found };
    const body = { kind: "Status", status: "Failure", reason: "NotFound", code: 404, message: `${path} not found` };
    return { status: 404, headers: {}, body };
  }

  /** What a trigger of a ScaledJob gets. */
  async resolve(
    authenticationRef: ScaledJobTrigger["authenticationRef"],
    options: Partial<AccessOptions> = {},
    podSpec: object = { containers: [{ name: "main" }] },
    spec: object = {},
  ): Promise<TriggerAccess> {
    const resolve = createResolveAccess({ client: this.client, clock: systemClock, log: this.log, ...options });
    const trigger = { type: "x", metadata: {}, ...(authenticationRef && { authenticationRef }) };
    const scaledJob = {
      kind: "ScaledJob",
      metadata: { name: "orders", namespace: "shop" },
      spec: { jobTargetRef: { template: { spec: podSpec } }, triggers: [trigger], ...spec },
    } as unknown as ScaledJob;
    return resolve(scaledJob, trigger);
  }
}

function pathOf({ apiVersion = "v1", kind = "", metadata: { namespace, name } }: KubernetesObject): string {
  const prefix = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = `${kind.toLowerCase()}s`;
  return [prefix, ...(namespace ? ["namespaces", namespace] : []), plural, name].join("/");
}

export const secret = (name: string, data: Record<string, string>, namespace = "shop"): KubernetesObject =>
  ({
    kind: "Secret",
    metadata: { name, namespace },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)])),
  }) as KubernetesObject;

export const configMap = (name: string, data: Record<string, string>, namespace = "shop"): KubernetesObject =>
  ({ kind: "ConfigMap", metadata: { name, namespace }, data }) as KubernetesObject;

export const authentication = (spec: object, name = "login"): KubernetesObject =>
  ({
    apiVersion: "keda.sh/v1alpha1",
    kind: "TriggerAuthentication",
    metadata: { name, namespace: "shop" },
    spec,
  }) as KubernetesObject;

export const clusterAuthentication = (spec: object, name = "login"): KubernetesObject =>
  ({
    apiVersion: "keda.sh/v1alpha1",
    kind: "ClusterTriggerAuthentication",
    metadata: { name },
    spec,
  }) as KubernetesObject;

export const serviceAccount = (name: string, annotations: Record<string, string> = {}): KubernetesObject => ({
  kind: "ServiceAccount",
  metadata: { name, namespace: "shop", annotations },
});
