import { APIService } from "@bellows/api";
import { type Client, isNotFound } from "@bellows/kube";
import { groupVersion } from "./discovery.ts";

/** The Service that serves the API. */
export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly port?: number;
}

/** An adapter that was registered before: who is asked for metrics that are no ScaledObject's. */
export interface FormerAdapter {
  readonly service: ServiceReference;
  /** Base64 of a PEM text. */
  readonly caBundle?: string;
  readonly insecureSkipTLSVerify?: boolean;
}

export interface RegistrationOptions {
  readonly service: ServiceReference;
  /** PEM text. Left out: nobody's certificate is checked, as where the handler runs in the API server's process. */
  readonly caBundle?: string;
}

export const apiServiceName = "v1beta1.external.metrics.k8s.io";
/** On the APIService: what it said before it was ours. */
export const formerAdapterAnnotation = "bellows.dev/former-external-metrics-adapter";
/** On the APIService: the Service that it was made ours for, as `NAMESPACE/NAME`. */
const registeredAnnotation = "bellows.dev/external-metrics-service";

type Spec = NonNullable<APIService["spec"]>;

/**
 * Registers the service for the external metrics API. A cluster has room for only one: another adapter that is there is
 * remembered, so that its metrics go on being served and it can be put back. An event scaler under another name hands on
 * what it remembered, and is no adapter.
 */
export async function registerApiService(
  client: Client,
  { service, caBundle }: RegistrationOptions,
): Promise<FormerAdapter | undefined> {
  const found = await client.find(APIService, { name: apiServiceName });
  const [group, version] = groupVersion.split("/") as [string, string];
  const spec: Spec = {
    group,
    version,
    groupPriorityMinimum: found?.spec?.groupPriorityMinimum ?? 100,
    versionPriority: found?.spec?.versionPriority ?? 100,
    service: { port: 443, ...service },
    ...(caBundle ? { caBundle: Buffer.from(caBundle).toString("base64") } : { insecureSkipTLSVerify: true }),
  };
  const registered = { [registeredAnnotation]: nameOf(service) };
  if (!found) {
    const labels = { "app.kubernetes.io/part-of": "bellows" };
    const metadata = { name: apiServiceName, labels, annotations: registered };
    await client.create(APIService, { apiVersion: "apiregistration.k8s.io/v1", kind: "APIService", metadata, spec });
    return undefined;
  }
  const ours = isSame(found.spec?.service, service);
  const isEventScaler = found.metadata.annotations?.[registeredAnnotation] === nameOf(found.spec?.service);
  const former = ours || isEventScaler ? formerAdapterOf(found) : adapterOf(found.spec);
  if (ours && found.spec?.caBundle === spec.caBundle) return former;
  const annotations = {
    ...found.metadata.annotations,
    ...registered,
    ...(former && { [formerAdapterAnnotation]: JSON.stringify(former) }),
  };
  await client.update(APIService, { ...found, metadata: { ...found.metadata, annotations }, spec });
  return former;
}

/** Gives the API back to the adapter that had it before, or takes the registration away. */
export async function unregisterApiService(client: Client, service: ServiceReference): Promise<void> {
  const found = await client.find(APIService, { name: apiServiceName });
  if (!found?.spec || !isSame(found.spec.service, service)) return;
  const former = formerAdapterOf(found);
  if (!former) {
    await client.delete(APIService, { name: apiServiceName }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    return;
  }
  const { [formerAdapterAnnotation]: _, [registeredAnnotation]: __, ...annotations } = found.metadata.annotations ?? {};
  const { group, version, groupPriorityMinimum, versionPriority } = found.spec;
  const spec: Spec = {
    ...(group && { group }),
    ...(version && { version }),
    groupPriorityMinimum,
    versionPriority,
    ...former,
  };
  await client.update(APIService, { ...found, metadata: { ...found.metadata, annotations }, spec });
}

/** The adapter that an APIService remembers. */
export function formerAdapterOf({ metadata }: APIService): FormerAdapter | undefined {
  const text = metadata.annotations?.[formerAdapterAnnotation];
  if (text === undefined) return undefined;
  try {
    const { service, ...rest } = JSON.parse(text) as Partial<FormerAdapter>;
    return service?.name && service.namespace ? { service, ...rest } : undefined;
  } catch {
    return undefined;
  }
}

function adapterOf(spec: APIService["spec"]): FormerAdapter | undefined {
  const { namespace, name, port } = spec?.service ?? {};
  if (!namespace || !name) return undefined;
  return {
    service: { namespace, name, ...(port !== undefined && { port }) },
    ...(spec?.caBundle && { caBundle: spec.caBundle }),
    ...(spec?.insecureSkipTLSVerify && { insecureSkipTLSVerify: true }),
  };
}

const nameOf = (service: { readonly namespace?: string; readonly name?: string } | undefined): string =>
  `${service?.namespace}/${service?.name}`;

const isSame = (left: { readonly namespace?: string; readonly name?: string } | undefined, right: ServiceReference) =>
  left?.namespace === right.namespace && left.name === right.name;
