import {
  bootstrapClusterRoleBindings,
  bootstrapClusterRoles,
  bootstrapRoleBindings,
  bootstrapRoles,
} from "./access/access.ts";
import { systemPriorityClasses } from "./admission/admission.ts";
import { type ApiResponse, adminUser, Query } from "./api-request.ts";
import type { ApiServer } from "./api-server.ts";
import { kubernetesService } from "./kubernetes-service.ts";

const systemNamespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

/**
 * Makes what kube-apiserver itself puts into an empty cluster, and leaves what is there as it is: the system
 * namespaces, the roles that others build on, the priority classes, and the Service `kubernetes`.
 */
export async function bootstrapCluster(server: ApiServer): Promise<void> {
  for (const name of systemNamespaces) await ensure(server, "/api/v1/namespaces", { metadata: { name } });
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  for (const role of bootstrapClusterRoles) await ensure(server, `${rbac}/clusterroles`, role);
  for (const binding of bootstrapClusterRoleBindings) await ensure(server, `${rbac}/clusterrolebindings`, binding);
  const kubeSystem = `${rbac}/namespaces/kube-system`;
  for (const role of bootstrapRoles) await ensure(server, `${kubeSystem}/roles`, role);
  for (const binding of bootstrapRoleBindings) await ensure(server, `${kubeSystem}/rolebindings`, binding);
  for (const one of systemPriorityClasses) await ensure(server, "/apis/scheduling.k8s.io/v1/priorityclasses", one);
  for (const [path, object] of kubernetesService) await ensure(server, path, object);
}

async function ensure(server: ApiServer, path: string, body: object): Promise<ApiResponse> {
  const response = await server.handle({
    method: "POST",
    path,
    query: Query.none,
    headers: { "user-agent": "kube-apiserver" },
    body,
    user: adminUser,
  });
  if (response.status === 201 || response.status === 409) return response;
  throw new Error(`creating ${path}: ${(response.body as { message?: string }).message ?? response.status}`);
}
