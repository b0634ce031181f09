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
