import { Pod, Service, type ServicePort, selectorOfLabels } from "@bellows/api";
import { type Cache, keyOf, mapped, type ObjectKey, self, type Watch } from "@bellows/kube";
import { podsSelected } from "../object-index.ts";
import { isFinished, isReady, isTerminating } from "../pod-state.ts";

/** Whether a Service selects by labels, all of which `labels` has. */
export function selects({ spec }: Service, labels: Readonly<Record<string, string>> | undefined): boolean {
  const selector = Object.entries(spec?.selector ?? {});
  return selector.length > 0 && selector.every(([key, value]) => labels?.[key] === value);
}

/** Wakes for a Service, and for every pod that it selects. */
export const serviceWatches = (): Watch[] => [
  self(Service),
  mapped(Pod, (pod, { cache }): ObjectKey[] => {
    if (!pod.status?.podIP) return [];
    return cache
      .list(Service, pod.metadata.namespace)
      .filter((service) => selects(service, pod.metadata.labels))
      .map(keyOf);
  }),
];

/** The pods behind a Service: selected, with an address, not finished. By name. */
export function podsBehind(service: Service, cache: Cache): Pod[] {
  return podsSelected(cache, service.metadata.namespace ?? "", selectorOfLabels(service.spec?.selector))
    .filter((pod) => pod.status?.podIP && !isFinished(pod))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

export const isHeadless = ({ spec }: Service): boolean => spec?.clusterIP === "None";

export const publishesUnready = ({ spec }: Service): boolean => spec?.publishNotReadyAddresses ?? false;

export interface Serving {
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

export function servingOf(pod: Pod, service: Service): Serving {
  const serving = publishesUnready(service) || isReady(pod);
  const terminating = isTerminating(pod);
  return { serving, terminating, ready: publishesUnready(service) || (isReady(pod) && !terminating) };
}

export interface ResolvedPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string;
}

/** The ports of a Service as a pod has them: numbers as they are, names by its containers. Unknown names are left out. */
export function portsOn(pod: Pod, service: Service): ResolvedPort[] {
  return (service.spec?.ports ?? []).flatMap((port): ResolvedPort[] => {
    const number = targetPort(pod, port);
    if (number === undefined) return [];
    return [
      {
        name: port.name ?? "",
        port: number,
        protocol: port.protocol ?? "TCP",
        ...(port.appProtocol && { appProtocol: port.appProtocol }),
      },
    ];
  });
}

function targetPort({ spec }: Pod, { targetPort: target, port, protocol = "TCP" }: ServicePort): number | undefined {
  if (target === undefined || target === 0 || target === "") return port;
  if (typeof target === "number") return target;
  const sidecars = (spec?.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  for (const container of [...(spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find((each) => each.name === target && (each.protocol ?? "TCP") === protocol);
    if (found) return found.containerPort;
  }
  return undefined;
}

/** Whether a pod's host name is part of the Service's own domain. */
export const hasOwnHostname = (pod: Pod, service: Service): boolean =>
  Boolean(pod.spec?.hostname) &&
  pod.spec?.subdomain === service.metadata.name &&
  pod.metadata.namespace === service.metadata.namespace;
