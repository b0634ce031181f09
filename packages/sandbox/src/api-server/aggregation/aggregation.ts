import type { APIService } from "@bellows/api";
import { type ApiRequest, type ApiResponse, text } from "../api-request.ts";
import { isAvailable } from "./availability.ts";

/** Serves the requests of an API group inside this process, as the sandbox's metrics server does. */
export type ApiHandler = (request: ApiRequest) => Promise<ApiResponse>;

export interface AggregatorOptions {
  /** All APIServices, read anew at every request. */
  readonly apiServices: () => Iterable<APIService>;
  /**
   * Passes a request on to a service over HTTPS, on behalf of `request.user` (front-proxy headers), checking the
   * certificate as the APIService says. Rejects where there is no endpoint to pass it to.
   */
  readonly forward: (apiService: APIService, request: ApiRequest) => Promise<ApiResponse>;
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
    try {
      return await this.#options.forward(apiService, request);
    } catch {
      return unavailable();
    }
  }

  #handlerOf({ spec }: APIService): ApiHandler | undefined {
    return spec?.service && this.#handlers.get(`${spec.service.namespace ?? ""}/${spec.service.name ?? ""}`);
  }
}

/** Upstream answers in plain text, which kubectl shows as "the server is currently unable to handle the request". */
const unavailable = (): ApiResponse => text("service unavailable\n", 503);

export {
  type Availability,
  availabilityOf,
  type ServiceLookup,
  withAvailability,
} from "./availability.ts";
export { localApiService } from "./local-api-services.ts";
