import { type ApiObject, record } from "../api-object.ts";
import { type ApiResponse, ok } from "../api-request.ts";
import { existing } from "../rest/read.ts";
import type { RequestScope } from "../rest/request-scope.ts";
import { badRequest } from "../status-error.ts";
import type { UpgradeHandler } from "../upgrade.ts";
import { chosenContainer } from "./pod-log.ts";

/** pods/exec and pods/attach: what runs on the connection once it has been upgraded. */
export function connect(scope: RequestScope, subresource: "exec" | "attach"): ApiResponse {
  const { resource, namespace, name, request, parts } = scope;
  const { query } = request;
  const pod = existing(resource, namespace, name as string);
  refuseFinished(pod);
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

function refuseFinished(pod: ApiObject): void {
  const { phase } = record(pod.status);
  if (phase === "Succeeded" || phase === "Failed")
    throw badRequest(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  if (!record(pod.spec).nodeName) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
}
