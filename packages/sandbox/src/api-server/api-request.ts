import type { WatchSource } from "./rest/watch.ts";
import type { Status } from "./status-error.ts";
import type { UpgradeHandler } from "./upgrade.ts";

/** Who asks, as authentication.k8s.io/v1 UserInfo. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The cluster's administrator: every request of the sandbox's own parts unless they say otherwise. */
export const adminUser: UserInfo = { username: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] };

export const anonymousUser: UserInfo = { username: "system:anonymous", groups: ["system:unauthenticated"] };

/** A request after transport and authentication: the body is a JSON value and is never changed. */
export interface ApiRequest {
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly query: Query;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Why the body has no value, where it could not be read: for whoever wants one. */
  readonly unreadable?: UnreadableBody;
  /** Fields that stood twice in the body's text, which its value no longer shows. */
  readonly duplicateFields?: () => readonly RepeatedField[];
  readonly user: UserInfo;
  /** Aborted when the client has gone away. */
  readonly signal?: AbortSignal;
}

/** A field that stood twice: how it is told of where it is refused, and where it is not. */
export interface RepeatedField {
  readonly refusal: string;
  readonly warning: string;
}

/** A body that is no object, in Go's words. */
export interface UnreadableBody {
  readonly problem: string;
  /** The beginning of what was sent, as messages show it. */
  readonly summary: string;
}

/** An answer. `body` is a JSON value (frozen where shared with the store), or text where `content-type` says so. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** The body is a list of one built-in kind: its items go out without their kind and apiVersion. */
  readonly bareItems?: boolean;
  /** Present instead of a body when the answer is a watch: nothing flows until a sink is given. */
  readonly watch?: WatchSource;
  /** Present instead of a body when the answer is text that grows (`logs -f`). Ends when the iteration ends. */
  readonly stream?: AsyncIterable<string | Uint8Array>;
  /** Present where the request wants another protocol (`exec`, `attach`, `port-forward`). */
  readonly upgrade?: UpgradeHandler;
}

/** The parameters of a query: first values by name, and all of one that repeats. */
export class Query {
  static readonly none = new Query({});
  readonly #values: Readonly<Record<string, string | readonly string[] | undefined>>;

  constructor(values: Readonly<Record<string, string | readonly string[] | undefined>>) {
    this.#values = values;
  }

  static parse(text: string): Query {
    const values: Record<string, string[]> = {};
    for (const [key, value] of new URLSearchParams(text)) {
      values[key] ??= [];
      values[key].push(value);
    }
    return new Query(values);
  }

  get(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" || value === undefined ? value : value[0];
  }

  all(name: string): readonly string[] {
    const value = this.#values[name];
    return typeof value === "string" ? [value] : (value ?? []);
  }

  /** As Go parses a boolean parameter: `true`, `1`, and a bare name count as set. */
  flag(name: string): boolean {
    const value = this.get(name);
    return value !== undefined && value !== "false" && value !== "0";
  }

  /** The text after `?`, for passing a request on. */
  toString(): string {
    const parameters = new URLSearchParams();
    for (const name in this.#values) for (const value of this.all(name)) parameters.append(name, value);
    return parameters.toString();
  }
}

const json = { "content-type": "application/json" };

export const ok = (body: unknown, status = 200): ApiResponse => ({ status, headers: json, body });

export const text = (body: string, status = 200, contentType = "text/plain; charset=utf-8"): ApiResponse => ({
  status,
  headers: { "content-type": contentType, "x-content-type-options": "nosniff" },
  body,
});

export const failure = (status: Status): ApiResponse => ({
  status: status.code,
  headers:
    status.details?.retryAfterSeconds === undefined
      ? json
      : { ...json, "retry-after": String(status.details.retryAfterSeconds) },
  body: status,
});
