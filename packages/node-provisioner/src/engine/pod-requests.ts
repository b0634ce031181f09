import type { Container, Pod, PodSpec } from "@bellows/api";
import { type Amounts, amountsOf, sum } from "@bellows/aws";

/**
 * What a pod takes of a node, itself counted as one of `pods`: its containers and sidecars, or what its init containers
 * need at a time where that is more, pod-level requests where it has them, and its overhead.
 */
export function podRequests(pod: Pod): Amounts {
  const { spec } = pod;
  return sum(spec ? specRequests(spec) : {}, { pods: 1 });
}

function specRequests(spec: PodSpec): Amounts {
  let running: Amounts = {};
  for (const container of spec.containers) running = sum(running, containerRequests(container));
  let starting: Amounts = {};
  let sidecars: Amounts = {};
  for (const container of spec.initContainers ?? []) {
    const requests = containerRequests(container);
    if (container.restartPolicy === "Always") {
      sidecars = sum(sidecars, requests);
      starting = maximum(starting, sidecars);
    } else starting = maximum(starting, sum(sidecars, requests));
  }
  const containers = maximum(sum(running, sidecars), starting);
  const whole = amountsOf({ ...podLevelLimits(spec), ...spec.resources?.requests });
  return sum({ ...containers, ...whole }, amountsOf(spec.overhead));
}

/** A limit without a request is the request. */
const containerRequests = ({ resources }: Container): Amounts =>
  resources ? amountsOf({ ...resources.limits, ...resources.requests }) : {};

const podLevelLimits = ({ resources }: PodSpec) => resources?.limits ?? {};

/** The greater of each resource. */
export function maximum(...amounts: readonly Amounts[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const one of amounts) {
    for (const [resource, amount] of Object.entries(one)) result[resource] = Math.max(result[resource] ?? 0, amount);
  }
  return result;
}

/** The lesser of each resource, where a resource that one lacks counts as 0. */
export function minimum(left: Amounts, right: Amounts): Record<string, number> {
  const resources = new Set([...Object.keys(left), ...Object.keys(right)]);
  return Object.fromEntries([...resources].map((name) => [name, Math.min(left[name] ?? 0, right[name] ?? 0)]));
}

/** Whether there is room: nothing is asked of what is missing, and a node that is over-committed takes nothing. */
export function fits(requests: Amounts, room: Amounts): boolean {
  for (const resource in room) if ((room[resource] as number) < 0) return false;
  for (const resource in requests) if ((requests[resource] as number) > (room[resource] ?? 0)) return false;
  return true;
}
