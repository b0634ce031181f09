import type { Container, ContainerStatus, Pod } from "@bellows/api";

/** The containers of a pod that run now, sidecars and init containers included. */
export function runningContainers(pod: Pod): readonly Container[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const running = new Set(statuses.filter(({ state }) => state?.running).map(({ name }) => name));
  if (running.size === 0) return [];
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return all.filter(({ name }) => running.has(name));
}

export function containerStatus(pod: Pod, name: string): ContainerStatus | undefined {
  return (
    pod.status?.containerStatuses?.find((status) => status.name === name) ??
    pod.status?.initContainerStatuses?.find((status) => status.name === name)
  );
}

/** Whether Services send requests to it. */
export const isReady = (pod: Pod): boolean =>
  !pod.metadata.deletionTimestamp &&
  (pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false);
