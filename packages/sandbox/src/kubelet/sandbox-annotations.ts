import type { Pod } from "@bellows/api";

/**
 * Annotations of a pod that tell the sandbox how its containers behave. Each may end in `.<container>` to mean one
 * container only: `sandbox.bellows.dev/exit-code.main: "1"`.
 */
const prefix = "sandbox.bellows.dev/";

function annotation(pod: Pod, name: string, container: string): string | undefined {
  const annotations = pod.metadata.annotations;
  return annotations?.[`${prefix}${name}.${container}`] ?? annotations?.[prefix + name];
}

function numberAnnotation(pod: Pod, name: string, container: string): number | undefined {
  const text = annotation(pod, name, container);
  const value = text === undefined ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** `exit-code` and `run-seconds`: how a container ends. An exit code alone ends it after a second. */
export function declaredEnd(pod: Pod, container: string): { exitCode?: number; lifetimeMs?: number } {
  const exitCode = numberAnnotation(pod, "exit-code", container);
  const seconds = numberAnnotation(pod, "run-seconds", container);
  if (exitCode === undefined && seconds === undefined) return {};
  return { lifetimeMs: (seconds ?? 1) * 1000, ...(exitCode !== undefined && { exitCode }) };
}

/** `startup-seconds`: until then every probe fails. */
export const startupMs = (pod: Pod, container: string): number =>
  (numberAnnotation(pod, "startup-seconds", container) ?? 0) * 1000;

export type ProbeType = "Startup" | "Readiness" | "Liveness";

/** `unhealthy: readiness,liveness`: these probes fail as long as the annotation is there. */
export function isUnhealthy(pod: Pod, container: string, probe: ProbeType): boolean {
  const failing =
    annotation(pod, "unhealthy", container)
      ?.toLowerCase()
      .split(/[\s,]+/) ?? [];
  return failing.includes(probe.toLowerCase());
}

/** `image-pull: fail`: the image cannot be pulled. */
export const imagePullFails = (pod: Pod, container: string): boolean =>
  annotation(pod, "image-pull", container) === "fail";
