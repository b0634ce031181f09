import { type ApiObject, record } from "../api-object.ts";
import type { ApiResponse, Query } from "../api-request.ts";
import { integerParameter } from "../rest/list-options.ts";
import { existing } from "../rest/read.ts";
import { methodNotAllowed } from "../rest/refusals.ts";
import type { RequestScope } from "../rest/request-scope.ts";
import { badRequest, type FieldError, invalid } from "../status-error.ts";
import type { PodLogOptions } from "./pod-streams.ts";

/** GET of pods/log: text, which goes on while `follow` is set and the container runs. */
export function podLog(scope: RequestScope): ApiResponse {
  const { resource, namespace, name, request, parts } = scope;
  if (scope.info.verb !== "get") throw methodNotAllowed();
  const pod = existing(resource, namespace, name as string);
  const container = chosenContainer(pod, request.query);
  const options = logOptions(name as string, request.query, container, parts.clock.now(), request.signal);
  if (!record(pod.spec).nodeName) return { status: 204, headers: {}, body: undefined };
  const reason = noLogReason(pod, container, options.previous);
  if (reason !== undefined) throw badRequest(reason);
  return { status: 200, headers: textHeaders, body: undefined, stream: parts.podStreams.logs(pod, options) };
}

/** Why a container has no log, or no earlier one; undefined where it has. */
export function noLogReason({ metadata, status }: ApiObject, container: string, previous: boolean): string | undefined {
  const { name } = metadata;
  const { state, lastState } = containerStatus(status, container) ?? {};
  if (lastState?.terminated) return undefined;
  if (state?.waiting)
    return `container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} is waiting to start: ${state.waiting.reason ?? "ContainerCreating"}`;
  return previous
    ? `previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} not found`
    : undefined;
}

const textHeaders = { "content-type": "text/plain" };

interface ContainerStatus {
  readonly name: string;
  readonly state?: { readonly waiting?: { readonly reason?: string } };
  readonly lastState?: { readonly terminated?: object };
}

function containerStatus(status: unknown, container: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = record(status) as {
    containerStatuses?: readonly ContainerStatus[];
    initContainerStatuses?: readonly ContainerStatus[];
  };
  return [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container);
}

/** The container that the query names, or the only one. */
export function chosenContainer(pod: ApiObject, query: Query): string {
  const names = (field: string) =>
    ((record(pod.spec)[field] as readonly { name: string }[] | undefined) ?? []).map(({ name }) => name);
  const containers = names("containers");
  const init = names("initContainers");
  const wanted = query.get("container");
  if (wanted) {
    if ([...containers, ...init, ...names("ephemeralContainers")].includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${pod.metadata.name}`);
  }
  if (containers.length === 1) return containers[0] as string;
  const chosen = pod.metadata.annotations?.["kubectl.kubernetes.io/default-container"];
  if (chosen && containers.includes(chosen)) return chosen;
  const more = init.length > 0 ? ` or one of the init containers: [${init.join(" ")}]` : "";
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${containers.join(" ")}]${more}`,
  );
}

function logOptions(
  pod: string,
  query: Query,
  container: string,
  now: number,
  signal: AbortSignal | undefined,
): PodLogOptions {
  const sinceSeconds = integerParameter(query, "sinceSeconds");
  const tailLines = integerParameter(query, "tailLines");
  const limitBytes = integerParameter(query, "limitBytes");
  const sinceTime = query.get("sinceTime");
  const errors: FieldError[] = [];
  const tooSmall = (field: string, value: number, message: string) =>
    errors.push({ reason: "FieldValueInvalid", field, message: `Invalid value: ${value}: ${message}` });
  if (tailLines !== undefined && tailLines < 0) tooSmall("tailLines", tailLines, "must be greater than or equal to 0");
  if (limitBytes !== undefined && limitBytes < 1) tooSmall("limitBytes", limitBytes, "must be greater than 0");
  if (sinceSeconds !== undefined && sinceTime)
    errors.push({
      reason: "FieldValueForbidden",
      field: "[]",
      message: "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
    });
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    tooSmall("sinceSeconds", sinceSeconds, "must be greater than 0");
  if (errors.length > 0) throw invalid("", "PodLogOptions", pod, errors);
  return {
    container,
    follow: query.flag("follow"),
    previous: query.flag("previous"),
    timestamps: query.flag("timestamps"),
    since: sinceSeconds !== undefined ? now - sinceSeconds * 1000 : sinceTime ? Date.parse(sinceTime) : undefined,
    tailLines,
    limitBytes,
    signal,
  };
}
