/** A request to a Kubernetes API server, before it is known whether it goes over HTTPS or is called in process. */
export interface TransportRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Without the query: `/api/v1/namespaces/default/pods`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Lower-case names. `content-type` chooses the kind of a patch. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON value. It is not changed, and must not be changed by the caller afterwards. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The decoded JSON, or text where the answer is not JSON. Frozen where it is shared with a store or a cache. */
  readonly body: unknown;
}

export interface TransportWatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: unknown;
}

export interface WatchHandler {
  event(event: TransportWatchEvent): void;
  /** Called once, when the watch is over: by the server (no error), or because of `error`. Not after `stop()`. */
  end(error?: unknown): void;
}

export interface WatchHandle {
  stop(): void;
}

/** The seam to the Kubernetes API: everything above it works the same on a real cluster and in the sandbox. */
export interface Transport {
  /** Resolves with any HTTP status; rejects only where no answer came (a `TransportError`). */
  request(request: TransportRequest): Promise<TransportResponse>;
  /** A GET with `watch=true`. A refusal (a status other than 200) arrives as `end(ApiError)`. */
  watch(request: TransportRequest, handler: WatchHandler): WatchHandle;
}

/** No answer came: the connection was refused, broke, or timed out. */
export class TransportError extends Error {
  override readonly name = "TransportError";
}
