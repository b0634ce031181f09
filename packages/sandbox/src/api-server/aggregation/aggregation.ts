import type { APIService } from "@bellows/api";
import { type ApiRequest, type ApiResponse, text } from "../api-request.ts";
import type { ResolveService, ServiceTarget } from "../service-target.ts";
import { isAvailable } from "./availability.ts";

/** Serves the requests of an API group inside this process, as the sandbox's metrics server does. */
export type ApiHandler = (request: ApiRequest) => Promise<ApiResponse>;

/**
 * Passes a request on to another server over HTTPS, on behalf of `request.user` (front-proxy headers). Rejects with what
 * kept it from arriving, in Go's words.
 */
export type Forward = (
  target: ServiceTarget,
  request: ApiRequest,
  options: {
    /** PEM in base64. */
    readonly caBundle?: string | undefined;
    /** Takes any certificate. */
    readonly insecure?: boolean | undefined;
    readonly timeoutMs?: number;
  },
) => Promise<ApiResponse>;

export interface AggregatorOptions {
  /** All APIServices, read anew at every request. */
  readonly apiServices: () => Iterable<APIService>;
  readonly resolve: ResolveService;
  readonly forward: Forward;
}

/**
 * Serves API groups that other servers implement. An APIService names the service to ask; where a handler was registered
 * for that service the answer comes from this process, so that no network is needed.
 */
export class Aggregator {
  readonly #options: AggregatorOptions;
  readonly #handlers = new Map<string, ApiHandler>();

  constructor(options: AggregatorOptions) {
    this.#options = options;
  }

  /** Answers in process for all APIServices that name this service. */
  register(service: { readonly namespace: string; readonly name: string }, handler: ApiHandler): void {
    this.#handlers.set(`${service.namespace}/${service.name}`, handler);
  }

  isInProcess(apiService: APIService): boolean {
    return this.#handlerOf(apiService) !== undefined;
  }

  /** The APIService of a group version that another server implements; undefined for what this server has itself. */
  find(group: string, version: string): APIService | undefined {
    for (const apiService of this.#options.apiServices()) {
      const { spec } = apiService;
      if (spec?.service && (spec.group ?? "") === group && spec.version === version) return apiService;
    }
    return undefined;
  }

  /** Answers a request for a group version found by {@link find}: 503 while its server is not available. */
  async handle(apiService: APIService, request: ApiRequest): Promise<ApiResponse> {
    const handler = this.#handlerOf(apiService);
    if (handler) return handler(request);
    if (!isAvailable(apiService)) return unavailable();
    const { caBundle, insecureSkipTLSVerify: insecure } = apiService.spec ?? {};
    let target: ServiceTarget;
    try {
      target = this.#targetOf(apiService);
    } catch {
      return unavailable();
    }
    try {
      return await this.#options.forward(target, request, { caBundle, insecure });
    } catch (error) {
      return text(`error trying to reach service: ${(error as Error).message}\n`, 503);
    }
  }

  /** Asks a server for its discovery, whatever its certificate. Rejects with why it cannot be used. */
  async probe(apiService: APIService, request: ApiRequest): Promise<void> {
    const target = this.#targetOf(apiService);
    const host = target.host.includes(":") ? `[${target.host}]` : target.host;
    const url = `https://${host}:${target.port}${request.path}`;
    const failing = (why: string) => new Error(`failing or missing response from ${url}: ${why}`);
    const { status } = await this.#options
      .forward(target, request, { insecure: true, timeoutMs: probeTimeoutMs })
      .catch((error: unknown) => {
        throw failing(`Get ${JSON.stringify(url)}: ${(error as Error).message}`);
      });
    if (status < 200 || status > 299) throw failing(`bad status from ${url}: ${status}`);
  }

  #targetOf({ spec }: APIService): ServiceTarget {
    const { namespace = "", name = "", port } = spec?.service ?? {};
    return this.#options.resolve({ namespace, name, port });
  }

  #handlerOf({ spec }: APIService): ApiHandler | undefined {
    return spec?.service && this.#handlers.get(`${spec.service.namespace ?? ""}/${spec.service.name ?? ""}`);
  }
}

/** How long a server may take to show that it is there. */
const probeTimeoutMs = 5_000;

/** Upstream answers in plain text, which kubectl shows as "the server is currently unable to handle the request". */
const unavailable = (): ApiResponse => text("service unavailable\n", 503);

export {
  type Availability,
  availabilityOf,
  type ServiceLookup,
  withAvailability,
} from "./availability.ts";
export { localApiService } from "./local-api-services.ts";
