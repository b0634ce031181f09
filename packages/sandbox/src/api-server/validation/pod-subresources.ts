import type { Container, Pod } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import { qosClass } from "../strategies/qos-class.ts";
import type { FieldErrors } from "./field-errors.ts";
import { specDiff } from "./spec-diff.ts";

/** A resize in place: requests and limits change, none goes, and the class of service stays. */
export function validatePodResize(errors: FieldErrors, pod: Pod, old: Pod): void {
  const before = old.status?.qosClass ?? qosClass(old);
  if (before !== qosClass(pod)) errors.invalid("spec", before, "Pod QOS Class may not change as a result of resizing");
  const lists = [
    ["initContainers", pod.spec?.initContainers, old.spec?.initContainers],
    ["containers", pod.spec?.containers, old.spec?.containers],
  ] as const;
  for (const [list, containers, former] of lists)
    for (const [position, container] of (former ?? []).entries()) {
      if (list === "initContainers" && container.restartPolicy !== "Always") continue;
      validateContainerResize(errors, containers?.[position], container, `spec.${list}[${position}].resources`);
    }
}

function validateContainerResize(
  errors: FieldErrors,
  container: Container | undefined,
  old: Container,
  path: string,
): void {
  for (const kind of ["requests", "limits"] as const) {
    const now = container?.resources?.[kind] ?? {};
    if (Object.keys(old.resources?.[kind] ?? {}).some((name) => !(name in now)))
      errors.forbidden(`${path}.${kind}`, `resource ${kind} cannot be removed`);
  }
}

/** Ephemeral containers are only added. */
export function validateEphemeralContainers(errors: FieldErrors, pod: Pod, old: Pod): void {
  const path = "spec.ephemeralContainers";
  const byName = new Map((pod.spec?.ephemeralContainers ?? []).map((container) => [container.name, container]));
  for (const before of old.spec?.ephemeralContainers ?? []) {
    const now = byName.get(before.name);
    const existing = `existing ephemeral containers ${JSON.stringify(before.name)} may not be`;
    if (!now) errors.forbidden(path, `${existing} removed\n`);
    else if (!equalJson(now, before)) errors.forbidden(path, `${existing} changed\n${specDiff(before, now)}`);
  }
}
