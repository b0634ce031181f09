import type { ApiResponse } from "./api-request.ts";
import { adminUser, Query } from "./api-request.ts";
import type { ApiServer } from "./api-server.ts";

/** The common name of the certificate that this server shows to aggregated ones. */
export const frontProxyName = "front-proxy-client";

const place = "/api/v1/namespaces/kube-system/configmaps";
const name = "extension-apiserver-authentication";

/**
 * Publishes by whom, and in which headers, aggregated API servers are told who asks.
 * @param clientCa PEM of the authority that signed this server's client certificate
 */
export async function publishFrontProxy(server: ApiServer, clientCa: string): Promise<void> {
  const data = {
    "requestheader-allowed-names": JSON.stringify([frontProxyName]),
    "requestheader-client-ca-file": clientCa,
    "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
    "requestheader-group-headers": '["X-Remote-Group"]',
    "requestheader-uid-headers": '["X-Remote-Uid"]',
    "requestheader-username-headers": '["X-Remote-User"]',
  };
  const write = (method: string, path: string): Promise<ApiResponse> =>
    server.handle({
      method,
      path,
      query: Query.none,
      headers: { "user-agent": "kube-apiserver" },
      body: { metadata: { name }, data },
      user: adminUser,
    });
  const made = await write("POST", place);
  if (made.status === 409) await write("PUT", `${place}/${name}`);
}
