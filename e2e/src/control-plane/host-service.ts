import { networkInterfaces } from "node:os";
import { EndpointSlice, Service } from "@bellows/api";
import type { ControlPlane } from "../suite.ts";

/** An IPv4 address of this machine at which its API server may proxy: loopback it refuses. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const found = all.find(({ family, internal }) => family === "IPv4" && !internal);
  if (!found) throw new Error("this machine has no IPv4 address but loopback: an APIService cannot be served from it");
  return found.address;
}

/**
 * Makes a port of this machine a Service: one without selector, and an EndpointSlice with this machine's address,
 * as the API server sees it. The port must listen on all addresses.
 * @returns how to take it away
 */
export async function publishPort(
  { client, hostAddress }: ControlPlane,
  { namespace, name, port }: { readonly namespace: string; readonly name: string; readonly port: number },
): Promise<() => Promise<void>> {
  const address = (await hostAddress?.(port)) ?? ownAddress();
  const options = { fieldManager: "bellows-e2e", force: true };
  const service: Service = {
    metadata: { name, namespace },
    spec: { ports: [{ name: "https", port: 443, targetPort: port }] },
  };
  const slice: EndpointSlice = {
    metadata: { name, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "https", port, protocol: "TCP" }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  };
  await client.apply(Service, service, options);
  await client.apply(EndpointSlice, slice, options);
  return async () => {
    await client.delete(EndpointSlice, { namespace, name });
    await client.delete(Service, { namespace, name });
  };
}
