import type { ScaledJob, ScaledJobTrigger, ScaledObject, ScaledObjectTrigger } from "@bellows/api";
import type { PodIdentity } from "@bellows/triggers";

/** The version whose behaviour this is: in labels of what is made, and in the metrics. */
export const kedaVersion = "2.21.0";

/** What may own triggers. */
export type Scalable = ScaledObject | ScaledJob;

/** What one trigger gets from outside its own metadata. */
export interface TriggerAccess {
  readonly authParams: Readonly<Record<string, string>>;
  readonly podIdentity: PodIdentity;
  readonly resolvedEnv: Readonly<Record<string, string>>;
  /** What the trigger's `authenticationRef` leads to and isn't there; the trigger says whether it can do without. */
  readonly missing?: readonly string[];
}

/** Finds the credentials and the environment that a trigger refers to. */
export type ResolveAccess = (
  object: Scalable,
  trigger: ScaledObjectTrigger | ScaledJobTrigger,
) => Promise<TriggerAccess>;
