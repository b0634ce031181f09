export type { Findings, Problem } from "./problem.ts";
export {
  type AdmissionOptions,
  type AdmissionRequest,
  type AdmissionResponse,
  admissionHandler,
  admissionPaths,
  reviewedKinds,
} from "./review.ts";
export { alone, type ScaledObjectSurroundings, triggerListProblem, validateScaledObject } from "./scaled-object.ts";
export { admissionRoutes } from "./serving.ts";
export { validateTriggerAuthentication } from "./trigger-authentication.ts";
export { type WebhookConfigurationOptions, webhookConfiguration } from "./webhook-configuration.ts";
