import { kind } from "../define-kind.ts";
import type { ObjectOf } from "../kind.ts";
import { TriggerAuthenticationSpec, TriggerAuthenticationStatus } from "./trigger-authentication-spec.ts";

export const TriggerAuthentication = kind({
  group: "keda.sh",
  version: "v1alpha1",
  kind: "TriggerAuthentication",
  shortNames: ["ta", "triggerauth"],
  scope: "Namespaced",
  summary: "Credentials for the triggers of its namespace.",
  columns: [
    { name: "PodIdentity", type: "string", jsonPath: ".spec.podIdentity.provider" },
    { name: "Secret", type: "string", jsonPath: ".spec.secretTargetRef[*].name" },
    { name: "Env", type: "string", jsonPath: ".spec.env[*].name" },
    { name: "VaultAddress", type: "string", jsonPath: ".spec.hashiCorpVault.address" },
    { name: "ScaledObjects", type: "string", jsonPath: ".status.scaledobjects", priority: 1 },
    { name: "ScaledJobs", type: "string", jsonPath: ".status.scaledjobs", priority: 1 },
  ],
  spec: TriggerAuthenticationSpec,
  status: TriggerAuthenticationStatus,
});
export type TriggerAuthentication = ObjectOf<typeof TriggerAuthentication>;
