import type { GroupedPods } from "./pods.ts";

/**
 * In a rollout a Deployment has up to maxSurge more pods than spec.replicas: an old pod, and the one that takes its
 * place, stand for one replica. Upstream multiplies the ratio by all of them, and writes the surge into spec.replicas;
 * the Deployment surges on top of that, and so on until the rollout is over (kubernetes/kubernetes 72775, 84142, 138505).
 *
 * Above the target a metric asks for its ratio of spec.replicas, as the documented formula says, never for fewer.
 * Below it, the surge has thinned out the load: fewer are asked for only where all pods together could do without.
 */
export function replicasInRollout(ratio: number, pods: number, current: number): number {
  if (ratio > 1) return Math.max(current, Math.ceil(ratio * Math.min(pods, current)));
  return Math.min(current, Math.ceil(ratio * pods));
}

/**
 * The pods that count as idle when growing: those without samples, and unready ones. Where there are more pods than
 * `current`, the surplus stands beside old pods that still serve; it does not relieve them, so it is left out.
 */
export function idleInRollout({ readyCount, missing, unready }: GroupedPods, current: number): readonly string[] {
  const idle = [...[...missing].sort(), ...[...unready].sort()];
  const surplus = Math.max(0, readyCount + idle.length - current);
  return idle.slice(0, Math.max(0, idle.length - surplus));
}
