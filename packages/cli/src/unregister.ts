import { APIService, Deployment, ValidatingWebhookConfiguration } from "@bellows/api";
import { apiServiceName, formerAdapterOf, type ServiceReference, unregisterApiService } from "@bellows/event-scaler";
import { type Client, createClient, kubeconfigTransport, systemClock } from "@bellows/kube";

export interface UnregisterOptions {
  readonly namespace?: string;
  readonly serviceName: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

const webhooksName = "keda-admission";

/** `bellows unregister`: takes back what a running event scaler has registered with the API server, before it is uninstalled. */
export async function unregister(options: UnregisterOptions, print: (line: string) => void): Promise<void> {
  const transport = await kubeconfigTransport(options);
  try {
    const client = createClient(transport, { clock: systemClock, userAgent: "bellows-unregister" });
    const namespace = options.namespace ?? transport.namespace;
    for (const line of await takeBack(client, { namespace, name: options.serviceName })) print(line);
  } finally {
    await transport.close();
  }
}

/**
 * Gives the external metrics API back to the adapter that had it before, or takes its registration away, and removes the
 * webhooks. What belongs to another Service is left alone.
 * @returns what was done, line by line
 * @throws Error while the event scaler runs, which would register again
 */
export async function takeBack(client: Client, service: ServiceReference): Promise<string[]> {
  const deployment = await client.find(Deployment, service);
  const { namespace, name } = service;
  if ((deployment?.spec?.replicas ?? 0) > 0) {
    throw new Error(
      `deployment ${namespace}/${name} has ${deployment?.spec?.replicas} replicas, expected 0: it would register again; kubectl scale deployment ${name} -n ${namespace} --replicas=0`,
    );
  }
  const found = await client.find(APIService, { name: apiServiceName });
  const done: string[] = [];
  if (isOf(service, found?.spec?.service)) {
    const former = found && formerAdapterOf(found);
    await unregisterApiService(client, service);
    done.push(
      former
        ? `apiservice ${apiServiceName}: given back to ${former.service.namespace}/${former.service.name}`
        : `apiservice ${apiServiceName}: deleted`,
    );
  }
  const webhooks = await client.find(ValidatingWebhookConfiguration, { name: webhooksName });
  if (webhooks?.webhooks?.some(({ clientConfig }) => isOf(service, clientConfig.service))) {
    await client.delete(ValidatingWebhookConfiguration, { name: webhooksName });
    done.push(`validatingwebhookconfiguration ${webhooksName}: deleted`);
  }
  return done.length > 0 ? done : [`nothing is registered for the Service ${namespace}/${name}`];
}

const isOf = (
  { namespace, name }: ServiceReference,
  found: { readonly namespace?: string; readonly name?: string } | undefined,
): boolean => found?.namespace === namespace && found.name === name;
