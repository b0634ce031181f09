import type { Container, ContainerStatus, Pod } from "@bellows/api";
import { amountOf } from "./amounts.ts";

/** Amounts by resource name: milli-cores of `cpu`, bytes of `memory`, else whole units. Absent is zero. */
export type Amounts = Map<string, number>;

type ResourceList = Readonly<Record<string, string | number>> | undefined;

/** What scoring assumes of a container that requests nothing (scheduler `util.DefaultMilliCPURequest`, 200 MB). */
const unstatedCpuMillis = 100;
const unstatedMemoryBytes = 200 * 1024 * 1024;

const amountsOf = (list: ResourceList): Amounts => {
  const amounts: Amounts = new Map();
  for (const resource in list) amounts.set(resource, amountOf(resource, list[resource] as string));
  return amounts;
};

function add(into: Amounts, more: Amounts): void {
  for (const [resource, amount] of more) into.set(resource, (into.get(resource) ?? 0) + amount);
}

function raise(into: Amounts, to: Amounts): void {
  for (const [resource, amount] of to) if (amount > (into.get(resource) ?? 0)) into.set(resource, amount);
}

/**
 * What a container asks for. While a resize is under way that is the larger of what is asked, allocated and in use; where the
 * node has found it infeasible, only what it has counts (component-helpers `resource.PodRequests`, 1.35).
 */
function containerRequests(container: Container, status: ContainerStatus | undefined, infeasible: boolean): Amounts {
  const asked = amountsOf(container.resources?.requests);
  if (!status) return asked;
  const held = amountsOf(status.resources?.requests);
  raise(held, amountsOf(status.allocatedResources));
  if (infeasible && held.size > 0) return held;
  raise(asked, held);
  return asked;
}

const withUnstated = (amounts: Amounts): Amounts => {
  if (amounts.has("cpu") && amounts.has("memory")) return amounts;
  const full = new Map(amounts);
  if (!full.has("cpu")) full.set("cpu", unstatedCpuMillis);
  if (!full.has("memory")) full.set("memory", unstatedMemoryBytes);
  return full;
};

/**
 * The requests of a pod: the sum over its containers and sidecars, or the peak while it initialises if that is more, or what the
 * pod states as a whole, plus overhead.
 * @param unstated  counts containers without a request at the amounts that scoring assumes
 */
export function podRequests(pod: Pod, unstated = false): Amounts {
  const { spec, status } = pod;
  const of = (container: Container, statuses: readonly ContainerStatus[] | undefined) => {
    const own = statuses?.find((each) => each.name === container.name);
    const requests = containerRequests(container, own, infeasible);
    return unstated ? withUnstated(requests) : requests;
  };
  const infeasible = (status?.conditions ?? []).some(
    (condition) => condition.type === "PodResizePending" && condition.reason === "Infeasible",
  );

  const total: Amounts = new Map();
  for (const container of spec?.containers ?? []) add(total, of(container, status?.containerStatuses));
  const sidecars: Amounts = new Map();
  const initial: Amounts = new Map();
  for (const container of spec?.initContainers ?? []) {
    const requests = of(container, status?.initContainerStatuses);
    if (container.restartPolicy === "Always") {
      add(total, requests);
      add(sidecars, requests);
      raise(initial, sidecars);
    } else {
      const peak = new Map(sidecars);
      add(peak, requests);
      raise(initial, peak);
    }
  }
  raise(total, initial);
  const whole = spec?.resources?.requests as ResourceList;
  for (const [resource, amount] of amountsOf(whole)) total.set(resource, amount);
  add(total, amountsOf(spec?.overhead as ResourceList));
  return total;
}
