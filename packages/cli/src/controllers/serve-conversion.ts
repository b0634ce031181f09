import type { NodeProvisionerSettings } from "@bellows/node-provisioner/config";
import { conversionRoutes, registerConversion } from "@bellows/node-provisioner/conversion";
import type { ServingParts } from "./catalogue.ts";
import { serveSecurely } from "./secure-serving.ts";

/** Serves the conversion of Karpenter's kinds, which no neighbour and no election keeps from being asked for. */
export async function serveConversion(parts: ServingParts, settings: NodeProvisionerSettings): Promise<void> {
  const service = { namespace: parts.namespace, name: settings.conversionServiceName };
  await serveSecurely(parts, {
    host: settings.bindAddress,
    port: settings.webhookPort,
    service,
    routes: conversionRoutes,
    async register(caBundle) {
      if (!settings.registerConversion) return;
      await registerConversion(parts.client, { service: { ...service, port: conversionServicePort }, caBundle });
    },
  });
}

/** Of the Service; where the process listens is a setting. */
const conversionServicePort = 8443;
