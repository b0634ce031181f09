import type { TransportResponse } from "./transport.ts";

/** meta/v1 Status, the body of every refusal. */
export interface ApiStatus {
  readonly kind?: "Status";
  readonly apiVersion?: "v1";
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly status?: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: ApiStatusDetails;
  readonly code?: number;
}

export interface ApiStatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly ApiStatusCause[];
  readonly retryAfterSeconds?: number;
}

export interface ApiStatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** The API server answered, and refused. A `TransportError` instead means that no answer came. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status. */
  readonly code: number;
  /** The machine-readable reason (`NotFound`, `Conflict`, `Expired`, ...); "" where the answer was not a Status. */
  readonly reason: string;
  readonly status: ApiStatus;

  constructor(code: number, status: ApiStatus) {
    super(status.message || `the server answered ${code}`);
    this.code = code;
    this.reason = status.reason ?? "";
    this.status = status;
  }

  /** What the server asks to wait before the next try; undefined where it does not say. */
  get retryAfterSeconds(): number | undefined {
    return this.status.details?.retryAfterSeconds;
  }

  get causes(): readonly ApiStatusCause[] {
    return this.status.details?.causes ?? [];
  }
}

/** The error that a response with a status of 400 or above stands for. A body that is no Status is quoted, cut short. */
export function apiErrorOf({ status, body, headers }: TransportResponse): ApiError {
  const retryAfter = Number(headers["retry-after"]);
  const waits = Number.isFinite(retryAfter) && retryAfter > 0;
  if (isStatus(body)) {
    if (!waits || body.details?.retryAfterSeconds) return new ApiError(status, body);
    return new ApiError(status, { ...body, details: { ...body.details, retryAfterSeconds: retryAfter } });
  }
  const text = typeof body === "string" ? body.trim().slice(0, 300) : "";
  return new ApiError(status, {
    status: "Failure",
    message: `the server answered ${status}${text && `: ${text}`}`,
    reason: reasonOf[status] ?? "",
    code: status,
    ...(waits && { details: { retryAfterSeconds: retryAfter } }),
  });
}

/** The error in the ERROR event of a watch. */
export function apiErrorOfStatus(object: unknown): ApiError {
  const status = isStatus(object) ? object : { message: "the watch failed without a Status" };
  return new ApiError(status.code ?? 500, status);
}

export const isStatus = (body: unknown): body is ApiStatus =>
  typeof body === "object" && body !== null && (body as { kind?: unknown }).kind === "Status";

/** For answers of proxies in between, which carry no Status. */
const reasonOf: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Gone",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

const refused =
  (code: number, reason?: string) =>
  (error: unknown): error is ApiError =>
    error instanceof ApiError && error.code === code && (reason === undefined || error.reason === reason);

export const isNotFound = refused(404);
/** Somebody else wrote first, or a precondition does not hold. */
export const isConflict = refused(409, "Conflict");
export const isAlreadyExists = refused(409, "AlreadyExists");
export const isBadRequest = refused(400);
export const isUnauthorized = refused(401);
export const isForbidden = refused(403);
export const isInvalid = refused(422);
export const isTooManyRequests = refused(429);
export const isServiceUnavailable = refused(503);
/** The resource version or the continue token is too old: list again. */
export const isGone = refused(410);
/** A refusal because the namespace is going away. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof ApiError && error.causes.some((cause) => cause.reason === "NamespaceTerminating");
