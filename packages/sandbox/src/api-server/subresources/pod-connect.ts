import { type ApiObject, record } from "../api-object.ts";
import { type ApiResponse, ok } from "../api-request.ts";
import { existing } from "../rest/read.ts";
import type { RequestScope } from "../rest/request-scope.ts";
import { badRequest, StatusError } from "../status-error.ts";
import type { UpgradeHandler } from "../upgrade.ts";
import { chosenContainer } from "./pod-log.ts";

/** pods/exec and pods/attach: what runs on the connection once it has been upgraded. */
export function connect(scope: RequestScope, subresource: "exec" | "attach"): ApiResponse {
  const { resource, namespace, name, request, parts } = scope;
  const { query } = request;
  const pod = existing(resource, namespace, name as string);
  refuseFinished(pod, subresource === "attach" ? "attach" : "exec into");
  const container = chosenContainer(pod, query);
  const command = query.all("command");
  if (subresource === "exec" && command.length === 0)
    throw badRequest("you must specify at least 1 command for the container");
  const handler: UpgradeHandler = {
    stdin: query.flag("stdin"),
    stdout: query.flag("stdout"),
    stderr: query.flag("stderr"),
    tty: query.flag("tty"),
    run: (channels) =>
      subresource === "exec"
        ? parts.podStreams.exec(pod, container, command, channels)
        : parts.podStreams.attach(pod, container, channels),
  };
  return { ...ok(undefined), upgrade: handler };
}

/** pods/portforward: simulated containers listen on no port. */
export function portForward(scope: RequestScope): never {
  const pod = existing(scope.resource, scope.namespace, scope.name as string);
  refuseFinished(pod);
  throw new StatusError(
    501,
    "NotImplemented",
    "port-forward is not served: containers of this cluster are simulated, and nothing listens on their ports",
  );
}

/** The proxy of nodes, pods and services, for the same reason. */
export function proxy(scope: RequestScope): never {
  const { resource, namespace, name = "" } = scope;
  const [, plain = name] = /^(?:https?:)?([^:]+)(?::[^:]*)?$/.exec(name) ?? [];
  existing(resource, namespace, plain);
  throw new StatusError(
    501,
    "NotImplemented",
    `the proxy of ${resource.plural} is not served: what runs in this cluster is simulated, and listens on no port`,
  );
}

function refuseFinished(pod: ApiObject, what = "exec into"): void {
  const { phase } = record(pod.status);
  if (phase === "Succeeded" || phase === "Failed")
    throw badRequest(`cannot ${what} a container in a completed pod; current phase is ${phase}`);
  if (!record(pod.spec).nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
}
