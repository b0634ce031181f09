import type { ContainerStatus, Job, Pod } from "@bellows/api";

export type FailureAction =
  | { readonly action: "Count" | "Ignore" | "FailIndex" }
  | { readonly action: "FailJob"; readonly message: string };

/** What the first matching rule of a Job's podFailurePolicy says of a failed pod; without one it counts. */
export function failureAction({ spec }: Job, pod: Pod): FailureAction {
  for (const [index, rule] of (spec?.podFailurePolicy?.rules ?? []).entries()) {
    const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
    let message: string | undefined;
    if (rule.onExitCodes) {
      const { containerName, operator, values } = rule.onExitCodes;
      const matches = ({ name: container, state }: ContainerStatus) => {
        const exitCode = state?.terminated?.exitCode;
        if (exitCode === undefined || exitCode === 0 || (containerName && containerName !== container)) return false;
        return operator === "In" ? values.includes(exitCode) : !values.includes(exitCode);
      };
      const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
      const found = [...containerStatuses, ...initContainerStatuses].find(matches);
      const exitCode = found?.state?.terminated?.exitCode;
      if (found) {
        message = `Container ${found.name} for pod ${name} failed with exit code ${exitCode} matching ${rule.action} rule at index ${index}`;
      }
    } else {
      const found = pod.status?.conditions?.find((condition) =>
        rule.onPodConditions?.some(
          ({ type, status }) => type === condition.type && (status ?? "True") === condition.status,
        ),
      );
      if (found) message = `Pod ${name} has condition ${found.type} matching ${rule.action} rule at index ${index}`;
    }
    if (message === undefined) continue;
    if (rule.action === "FailJob") return { action: "FailJob", message };
    return { action: rule.action as "Count" | "Ignore" | "FailIndex" };
  }
  return { action: "Count" };
}
