import type { Pod } from "@bellows/api";

/** A port of the node that a pod takes for itself. */
export interface HostPort {
  readonly ip: string;
  readonly port: number;
  readonly protocol: string;
}

const anyAddress = "0.0.0.0";

export function hostPorts(pod: Pod): readonly HostPort[] {
  const ports: HostPort[] = [];
  for (const container of pod.spec?.containers ?? []) {
    for (const { hostPort, hostIP, protocol } of container.ports ?? []) {
      if (hostPort) ports.push({ ip: hostIP || anyAddress, port: hostPort, protocol: protocol ?? "TCP" });
    }
  }
  return ports;
}

/** The first pair of ports that cannot be on one node. */
export function conflictingPort(wanted: readonly HostPort[], taken: readonly HostPort[]): HostPort | undefined {
  return wanted.find((one) => taken.some((other) => conflicts(one, other)));
}

const conflicts = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === anyAddress || b.ip === anyAddress);
