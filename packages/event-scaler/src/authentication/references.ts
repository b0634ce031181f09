import { ConfigMap, Secret, ServiceAccount } from "@bellows/api";
import type { Client } from "@bellows/kube";

/** Reads the objects that hold values. Undefined: no such object. */
export interface References {
  configMap(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
  secret(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
  serviceAccount(namespace: string, name: string): Promise<ServiceAccount | undefined>;
  /** Whether Secrets that pods of the namespace name in their environment may be read. */
  readsSecretsOf(namespace: string): boolean;
  /** The namespace that Secrets are really read from. */
  secretNamespace(namespace: string): string;
}

/** @param onlySecretsOf  the one namespace that Secrets may be read from; left out: any */
export function readReferences(client: Client, onlySecretsOf?: string): References {
  const secretNamespace = (namespace: string) => onlySecretsOf ?? namespace;
  return {
    configMap: async (namespace, name) => {
      const found = await client.find(ConfigMap, { namespace, name });
      return found && (found.data ?? {});
    },
    secret: async (namespace, name) => {
      const found = await client.find(Secret, { namespace: secretNamespace(namespace), name });
      return found && decoded(found.data ?? {});
    },
    serviceAccount: (namespace, name) => client.find(ServiceAccount, { namespace, name }),
    readsSecretsOf: (namespace) => onlySecretsOf === undefined || namespace === onlySecretsOf,
    secretNamespace,
  };
}

const decoded = (data: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]));
