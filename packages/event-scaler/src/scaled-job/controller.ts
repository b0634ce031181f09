import { ScaledJob } from "@bellows/api";
import { type Controller, controller, self } from "@bellows/kube";
import type { Trigger, TriggerConfig, TriggerSeams } from "@bellows/triggers";
import type { ResolveAccess } from "../scaling.ts";

export interface ScaledJobOptions {
  readonly resolveAccess: ResolveAccess;
  readonly openTrigger: (config: TriggerConfig, seams: TriggerSeams) => Promise<Trigger> | Trigger;
  /** How long a reading may take (KEDA_HTTP_DEFAULT_TIMEOUT); default 3 s. */
  readonly httpTimeoutMs?: number;
}

/** Keeps a ScaledJob: finalizer, conditions, pausing, and what a change of it does to its Jobs. */
export function scaledJobController(options: ScaledJobOptions): Controller {
  void options;
  return controller({ name: "scaledjob", watches: [self(ScaledJob)], async reconcile() {} });
}
