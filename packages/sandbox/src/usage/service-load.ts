import { type Pod, type Service, selectorOfLabels } from "@bellows/api";
import { programOf } from "./container-program.ts";
import { isReady, runningContainers } from "./running.ts";

/** Name resolution, connection and the start of a client process. */
const requestOverheadMs = 3;
/** What a request costs a program of which nothing is known. */
const unknownCpuMsPerRequest = 2;

/** Requests a second that the load generators send, by pod uid of the receiver; and what senders do. */
export interface ServiceLoad {
  readonly received: ReadonlyMap<string, number>;
  /** By `pod uid/container`. */
  readonly sent: ReadonlyMap<string, number>;
}

/**
 * Follows every generator to the Service that it names and shares its requests over the ready pods there. A generator
 * sends one request after the other, so that its rate falls as a request costs more; what a limit throttles is still
 * asked for.
 */
export function serviceLoad(
  pods: readonly Pod[],
  serviceOf: (namespace: string, name: string) => Service | undefined,
): ServiceLoad {
  const received = new Map<string, number>();
  const sent = new Map<string, number>();
  const backends = new Map<Service, readonly Pod[]>();
  for (const pod of pods) {
    for (const container of runningContainers(pod)) {
      const { load } = programOf(container);
      if (load.kind !== "generator") continue;
      const service = serviceOfHost(load.host, pod.metadata.namespace ?? "default", serviceOf);
      let behind = service && backends.get(service);
      if (service && !behind) {
        behind = backendsOf(service, pods);
        backends.set(service, behind);
      }
      const costMs = behind?.[0] ? requestCostMs(behind[0]) : 0;
      const rate = 1000 / (load.pauseMs + requestOverheadMs + costMs);
      sent.set(`${pod.metadata.uid}/${container.name}`, rate);
      for (const backend of behind ?? []) {
        const uid = backend.metadata.uid ?? "";
        received.set(uid, (received.get(uid) ?? 0) + rate / (behind?.length ?? 1));
      }
    }
  }
  return { received, sent };
}

/** The Service that a host name means in a namespace: `web`, `web.shop`, `web.shop.svc`, `web.shop.svc.cluster.local`. */
export function serviceOfHost(
  host: string,
  namespace: string,
  serviceOf: (namespace: string, name: string) => Service | undefined,
) {
  const [name = "", named, svc] = host.split(".");
  if (svc !== undefined && svc !== "svc") return undefined;
  return serviceOf(named ?? namespace, name);
}

/** The ready pods that a Service sends requests to. */
export function backendsOf(service: Service, pods: readonly Pod[]): readonly Pod[] {
  const labels = service.spec?.selector;
  if (!labels || Object.keys(labels).length === 0) return [];
  const selector = selectorOfLabels(labels);
  return pods.filter(
    (pod) =>
      pod.metadata.namespace === service.metadata.namespace &&
      selector.matches(pod.metadata.labels ?? {}) &&
      isReady(pod),
  );
}

/** What a request costs the pod: its first container that serves, or any. */
export function requestCostMs(pod: Pod): number {
  const server = servingContainer(pod);
  const load = server && programOf(server).load;
  return load?.kind === "server" ? load.cpuMsPerRequest : unknownCpuMsPerRequest;
}

/** The container that answers requests. */
export function servingContainer(pod: Pod) {
  const containers = pod.spec?.containers ?? [];
  return containers.find((container) => programOf(container).load.kind === "server") ?? containers[0];
}
