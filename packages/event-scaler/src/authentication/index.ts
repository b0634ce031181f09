export type { OpenSecretsManager, SecretsManager, SecretsManagerLogin } from "./aws-secret-manager.ts";
export { type AccessOptions, createResolveAccess } from "./resolve-access.ts";
export { clusterTriggerAuthenticationController, triggerAuthenticationController } from "./trigger-authentication.ts";
