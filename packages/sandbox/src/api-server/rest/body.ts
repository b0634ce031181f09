import { record } from "../api-object.ts";
import type { ApiRequest, UnreadableBody } from "../api-request.ts";
import { bodySummary } from "../body-summary.ts";
import { badRequest } from "../status-error.ts";

/** What a request's body must be. */
export interface ExpectedBody {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const empty: UnreadableBody = {
  problem: "couldn't get version/kind; json parse error: unexpected end of JSON input",
  summary: "<empty>",
};

/** The body's object; 400 where there is none. */
export function objectBody({ body, unreadable }: ApiRequest, kind: string): Record<string, unknown> {
  if (unreadable === undefined && typeof body === "object" && body !== null) return body as Record<string, unknown>;
  const { problem, summary } = unreadable ?? empty;
  throw badRequest(`the object provided is unrecognized (must be of type ${kind}): ${problem} (${summary})`);
}

/** A custom object must say what it is; a built-in one is of its path's kind. */
export function requireKind({ body }: ApiRequest, kind: string): void {
  if (record(body).kind) return;
  const text = JSON.stringify(body);
  const problem = `Object 'Kind' is missing in '${text}'`;
  const summary = bodySummary(Buffer.from(text));
  throw badRequest(`the object provided is unrecognized (must be of type ${kind}): ${problem} (${summary})`);
}

/** The body of a subresource that has a kind of its own; 400 where it is of another one. */
export function bodyOf(request: ApiRequest, { group, version, kind }: ExpectedBody): Record<string, unknown> {
  const body = objectBody(request, kind);
  const { apiVersion, kind: given } = record(body) as { apiVersion?: string; kind?: string };
  const [givenVersion = version] = apiVersion?.split("/").slice(-1) ?? [];
  if (given && given !== kind)
    throw badRequest(
      `${given} in version ${JSON.stringify(givenVersion)} cannot be handled as a ${kind}: converting (${givenVersion}.${given}) to (${group}.${kind}): unknown conversion`,
    );
  return body;
}
