import { forbidden, notFound, StatusError } from "../status-error.ts";
import { type AdmissionPlugin, type AdmissionRequest, refuse } from "./admission-request.ts";

/** Namespaces that nobody may delete. */
const immortal: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

/** Refuses what would live in a namespace that does not exist or is going away. */
export const namespaceLifecycle: AdmissionPlugin = {
  name: "NamespaceLifecycle",
  mutate(request, world) {
    const { group, resource, subresource, operation, namespace, name, object } = request;
    const isNamespace = group === "" && resource === "namespaces";
    if (isNamespace && operation === "DELETE" && subresource === undefined && immortal.has(name))
      throw forbidden({ group, resource }, name, "this namespace may not be deleted");
    if (isNamespace || namespace === undefined || operation === "DELETE" || isAccessReview(request)) return object;

    const found = world.get("/namespaces", undefined, namespace);
    if (!found) throw notFound({ group: "", resource: "namespaces" }, namespace);
    const phase = (found["status"] as { phase?: string } | undefined)?.phase;
    if (operation === "CREATE" && phase === "Terminating") throw terminating(request, namespace);
    return object;
  },
};

/** Answers to access reviews must not tell whether a namespace exists. */
const isAccessReview = ({ group, resource }: AdmissionRequest) =>
  group === "authorization.k8s.io" && resource === "localsubjectaccessreviews";

function terminating(request: AdmissionRequest, namespace: string): StatusError {
  const refusal = refuse(
    request,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  const { code, reason = "", message = "", details } = refusal.status;
  const cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
    field: "metadata.namespace",
  };
  return new StatusError(code, reason, message, { ...details, causes: [cause] });
}
