import type { KedaCondition } from "@bellows/api";
import type { EventInput } from "@bellows/kube";

/** What is wrong with an object: the field, and upstream's message (what was found and what is expected). */
export interface Problem {
  /** As kubectl explain has it: `spec.minReplicaCount`. */
  readonly field: string;
  readonly message: string;
  /** Label `reason` of `keda_webhook_scaled_object_validation_errors_total`. */
  readonly reason: string;
}

/** What a check found. Warnings are shown by kubectl and don't refuse. */
export interface Findings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

export const noFindings: Findings = { problems: [], warnings: [] };

/** What a controller says of an object that the webhook, where it was installed, would have refused. */
export function reportOf(
  kind: "ScaledObject" | "ScaledJob",
  problems: readonly Problem[],
): { readonly condition: KedaCondition; readonly event: EventInput } {
  const message = problems.map((problem) => `${problem.field}: ${problem.message}`).join("; ");
  const reason = `${kind}CheckFailed`;
  return {
    condition: { type: "Ready", status: "False", reason, message },
    event: { type: "Warning", reason, message },
  };
}
