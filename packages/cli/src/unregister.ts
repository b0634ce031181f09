import { APIService, Deployment, Pod, selectorOf, ValidatingWebhookConfiguration } from "@bellows/api";
import { apiServiceName, formerAdapterOf, type ServiceReference, unregisterApiService } from "@bellows/event-scaler";
import { type Client, type Clock, createClient, kubeconfigTransport, sleep, systemClock } from "@bellows/kube";

export interface UnregisterOptions {
  readonly namespace?: string;
  readonly serviceName: string;
  readonly stop?: boolean;
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
    const service = { namespace, name: options.serviceName };
    if (options.stop) for (const line of await stop(client, service, systemClock)) print(line);
    for (const line of await takeBack(client, service)) print(line);
  } finally {
    await transport.close();
  }
}

/** Longer than its pods take to end; one whose node is dead never goes, and registers nothing either. */
const endedWithinMs = 60_000;

/**
 * Scales the event scaler to no replicas and waits for its pods to be gone, so that none registers again.
 * @returns what was done, line by line
 */
export async function stop(client: Client, deployment: ServiceReference, clock: Clock): Promise<string[]> {
  const found = await client.find(Deployment, deployment);
  if (!found) return [];
  const { namespace, name } = deployment;
  const replicas = found.spec?.replicas ?? 1;
  if (replicas > 0) {
    await client.updateScale({ apiVersion: "apps/v1", kind: "Deployment", namespace, name }, 0);
  }
  const labelSelector = selectorOf(found.spec?.selector).toString();
  for (const until = clock.now() + endedWithinMs; ; await sleep(clock, 1000)) {
    const { items } = await client.list(Pod, { namespace, labelSelector });
    if (items.length === 0)
      return replicas > 0 ? [`deployment ${namespace}/${name}: scaled from ${replicas} to 0`] : [];
    if (clock.now() >= until) {
      return [
        `deployment ${namespace}/${name}: scaled to 0; ${items.map(({ metadata }) => metadata.name)} did not end`,
      ];
    }
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
