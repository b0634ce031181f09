import { CustomResourceDefinition, conversionService, customResources } from "@bellows/api";
import type { Client } from "@bellows/kube";

/** Where the API server finds the conversion. */
export interface ConversionEndpoint {
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number };
  /** PEM text: what its certificate is signed by. */
  readonly caBundle: string;
}

/** The definitions whose objects are converted: NodePool, NodeClaim, EC2NodeClass. */
export const convertedDefinitions: readonly string[] = customResources
  .filter(({ options }) => options?.conversion?.strategy === "Webhook")
  .map(({ versions: [{ plural, group }] }) => `${plural}.${group}`);

/**
 * Points the definitions of this version to where they are converted. Those that another release brought, which
 * convert elsewhere or not at all, are left as they are; one that is missing is left out.
 */
export async function registerConversion(client: Client, { service, caBundle }: ConversionEndpoint): Promise<void> {
  const wanted = {
    service: { ...service, path: conversionService.path },
    caBundle: Buffer.from(caBundle).toString("base64"),
  };
  for (const name of convertedDefinitions) {
    const found = await client.find(CustomResourceDefinition, { name });
    const config = found?.spec?.conversion?.webhook?.clientConfig;
    if (config?.service?.path !== conversionService.path || isSame(config, wanted)) continue;
    const body = { spec: { conversion: { webhook: { clientConfig: wanted } } } };
    await client.patch(CustomResourceDefinition, { name }, { type: "merge", body });
  }
}

type Config = Partial<Omit<ConversionEndpoint, "service">> & {
  readonly service?: Partial<ConversionEndpoint["service"]>;
};

const isSame = (found: Config, wanted: ConversionEndpoint): boolean =>
  found.caBundle === wanted.caBundle &&
  found.service?.namespace === wanted.service.namespace &&
  found.service.name === wanted.service.name &&
  found.service.port === wanted.service.port;
