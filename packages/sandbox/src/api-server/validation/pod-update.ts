import type { Container, Pod, PodSpec, Toleration } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import type { FieldErrors } from "./field-errors.ts";
import { inRange } from "./formats.ts";
import { specDiff } from "./spec-diff.ts";

const maxInt32 = 2 ** 31 - 1;
const updatable = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
];

/** What may change in the spec of a pod that exists: little. */
export function validatePodUpdate(errors: FieldErrors, pod: Pod, old: Pod): void {
  const next: PodSpec = pod.spec ?? { containers: [] };
  const before: PodSpec = old.spec ?? { containers: [] };
  if (next === before) return;
  for (const list of ["containers", "initContainers"] as const)
    if (!sameNumber(errors, next[list] ?? [], before[list] ?? [], `spec.${list}`)) return;
  if (!validateDeadline(errors, next.activeDeadlineSeconds, before.activeDeadlineSeconds)) return;
  validateTolerations(errors, next.tolerations ?? [], before.tolerations ?? []);
  const gates = (before.schedulingGates ?? []).map(({ name }) => name);
  next.schedulingGates?.forEach(({ name }, index) => {
    if (!gates.includes(name))
      errors.forbidden(
        `spec.schedulingGates[${index}].name`,
        `only deletion is allowed, but found new scheduling gate '${name}'`,
      );
  });
  const rest = withOldParts(errors, next, before);
  if (!equalJson(rest, before))
    errors.forbidden(
      "spec",
      `pod updates may not change fields other than ${updatable.join(",")}\n${specDiff(before, rest)}`,
    );
}

function sameNumber(errors: FieldErrors, next: readonly Container[], old: readonly Container[], path: string): boolean {
  if (next.length !== old.length) {
    errors.forbidden(path, "pod updates may not add or remove containers");
    return false;
  }
  // Beside what is said of any container: the API server says it twice.
  for (const [index, { image }] of next.entries()) if (!image) errors.required(`${path}[${index}].image`);
  return true;
}

function validateDeadline(errors: FieldErrors, next: number | undefined, old: number | undefined): boolean {
  const path = "spec.activeDeadlineSeconds";
  if (next === undefined) {
    if (old !== undefined) errors.invalid(path, null, "must not update from a positive integer to nil value");
    return true;
  }
  if (next < 0 || next > maxInt32) {
    errors.invalid(path, next, inRange(0, maxInt32));
    return false;
  }
  if (old !== undefined && old < next) {
    errors.invalid(path, next, "must be less than or equal to previous value");
    return false;
  }
  return true;
}

function validateTolerations(errors: FieldErrors, next: readonly Toleration[], old: readonly Toleration[]): void {
  const identity = ({ tolerationSeconds: _, ...rest }: Toleration) => rest;
  const kept = old.every((one) => next.some((other) => equalJson(identity(one), identity(other))));
  if (!kept)
    errors.forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
}

/** The new spec with everything put back that may change. */
function withOldParts(errors: FieldErrors, next: PodSpec, old: PodSpec): PodSpec {
  const withImages = (list: Container[] | undefined, before: Container[] | undefined): Container[] | undefined =>
    list?.map((container, index) => {
      const image = before?.[index]?.image;
      return image === undefined ? container : { ...container, image };
    });
  const result: PodSpec = { ...next };
  const put = <K extends keyof PodSpec>(key: K, value: PodSpec[K] | undefined) => {
    if (value === undefined) delete result[key];
    else result[key] = value;
  };
  put("containers", withImages(next.containers, old.containers) ?? []);
  put("initContainers", withImages(next.initContainers, old.initContainers));
  put("activeDeadlineSeconds", old.activeDeadlineSeconds);
  put("schedulingGates", old.schedulingGates);
  put("tolerations", old.tolerations);
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && next.terminationGracePeriodSeconds === 1)
    put("terminationGracePeriodSeconds", old.terminationGracePeriodSeconds);
  if (!old.schedulingGates?.length) return result;
  // A gated pod may still be told more precisely where to run.
  for (const key in old.nodeSelector)
    if (next.nodeSelector?.[key] !== old.nodeSelector[key]) {
      errors.invalid(
        "spec.nodeSelector",
        next.nodeSelector ?? null,
        "only additions are allowed (no mutations or deletions)",
      );
      break;
    }
  put("nodeSelector", old.nodeSelector);
  put("affinity", old.affinity);
  return result;
}
