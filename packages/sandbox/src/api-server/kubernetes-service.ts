import type { Clock, Timer } from "@bellows/kube";
import { adminUser, Query } from "./api-request.ts";
import type { ApiServer } from "./api-server.ts";
import type { StoredEvent } from "./watch-history.ts";

/** As often as kube-apiserver sees to its Service. */
const everyMs = 10_000;

/** In no node's subnet: the control plane's own interface in the VPC. */
const address = "192.168.255.10";
const port = { name: "https", port: 443, protocol: "TCP" };

const service = {
  metadata: { name: "kubernetes", labels: { component: "apiserver", provider: "kubernetes" } },
  spec: {
    type: "ClusterIP",
    clusterIP: "10.100.0.1",
    ports: [{ ...port, targetPort: 443 }],
    sessionAffinity: "None",
  },
};
const endpoints = {
  metadata: { name: "kubernetes", labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
  subsets: [{ addresses: [{ ip: address }], ports: [port] }],
};
const endpointSlice = {
  metadata: { name: "kubernetes", labels: { "kubernetes.io/service-name": "kubernetes" } },
  addressType: "IPv4",
  endpoints: [{ addresses: [address], conditions: { ready: true } }],
  ports: [port],
};

/** The Service `kubernetes` and what it leads to: where each is created, and what. */
export const kubernetesService: readonly (readonly [path: string, object: object])[] = [
  ["/api/v1/namespaces/default/services", service],
  ["/api/v1/namespaces/default/endpoints", endpoints],
  ["/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", endpointSlice],
];

const collections = ["/services", "/endpoints", "discovery.k8s.io/endpointslices"];

/**
 * Brings the Service `kubernetes` back after it was deleted, at the next of the rounds that the real server makes.
 * Returns what ends it.
 */
export function keepKubernetesService(server: ApiServer, clock: Clock): () => void {
  let timer: Timer | undefined;
  const restore = async () => {
    timer = undefined;
    for (const [path, body] of kubernetesService)
      await server.handle({ method: "POST", path, query: Query.none, headers, body, user: adminUser });
  };
  const event = ({ type, key }: StoredEvent) => {
    if (type !== "DELETED" || key !== "default/kubernetes") return;
    timer ??= clock.after(everyMs - (clock.now() % everyMs), () => void restore());
  };
  const subscriber = { event, gone: () => undefined };
  for (const name of collections) server.store.collection(name).subscribe(subscriber, 0);
  return () => {
    timer?.cancel();
    for (const name of collections) server.store.collection(name).unsubscribe(subscriber);
  };
}

const headers = { "user-agent": "kube-apiserver" };
