import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { EndpointSlice, Node, Service } from "@bellows/api";
import type { Client } from "@bellows/kube";
import type { ControlPlane } from "../suite.ts";

/** An IPv4 address of this machine at which its API server may proxy: loopback it refuses. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const found = all.find(({ family, internal }) => family === "IPv4" && !internal);
  if (!found) throw new Error("this machine has no IPv4 address but loopback: an APIService cannot be served from it");
  return found.address;
}

/**
 * Why the API server does not come through to this machine at an address; undefined where it does. Of a Service it proxies
 * to pods only, of a Node to the address that the Node says.
 */
export async function whyNotReached(client: Client, address: string): Promise<string | undefined> {
  const server = createServer((_, answer) => answer.end("{}"));
  await new Promise<void>((listening) => server.listen(0, "0.0.0.0", listening));
  const { port } = server.address() as AddressInfo;
  const name = "bellows-e2e-reaches";
  await client.create(Node, { metadata: { name }, status: { addresses: [{ type: "InternalIP", address }] } });
  try {
    await client.raw(`/api/v1/nodes/http:${name}:${port}/proxy/`);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.delete(Node, { name });
    server.close();
  }
}

/**
 * Leads a Service to a port of this machine, by an EndpointSlice with this machine's address as the API server sees it.
 * The Service is made where there is none; one that is there must select no pod. The port must listen on all addresses.
 * @returns how to take it away
 */
export async function publishPort(
  { client, hostAddress }: ControlPlane,
  {
    namespace,
    name,
    port,
    servicePort = "https",
  }: {
    readonly namespace: string;
    readonly name: string;
    readonly port: number;
    /** The name of the Service's port. */
    readonly servicePort?: string;
  },
): Promise<() => Promise<void>> {
  const address = hostAddress ?? ownAddress();
  const isThere = await client.find(Service, { namespace, name });
  if (!isThere) {
    await client.create(Service, {
      metadata: { name, namespace },
      spec: { ports: [{ name: servicePort, port: 443, targetPort: port }] },
    });
  }
  const slice: EndpointSlice = {
    metadata: { name: `${name}-host`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: servicePort, port, protocol: "TCP" }],
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
  };
  await client.apply(EndpointSlice, slice, { fieldManager: "bellows-e2e", force: true });
  return async () => {
    await client.delete(EndpointSlice, { namespace, name: slice.metadata.name });
    if (!isThere) await client.delete(Service, { namespace, name });
  };
}
