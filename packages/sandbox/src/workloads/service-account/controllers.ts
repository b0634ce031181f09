import { ConfigMap, Namespace, ServiceAccount } from "@bellows/api";
import { type Controller, isAlreadyExists, mapped, self } from "@bellows/kube";
import { fieldManager, toleratingConflicts } from "../writes.ts";

/** Every namespace has a ServiceAccount `default`. Writes: ServiceAccounts. */
export const serviceAccountController = (): Controller =>
  toleratingConflicts({
    name: "serviceaccount-controller",
    watches: [self(Namespace), mapped(ServiceAccount, ({ metadata }) => [{ name: metadata.namespace as string }])],
    async reconcile(key, { cache, client }) {
      if (!isActive(cache.get(Namespace, key))) return undefined;
      if (cache.get(ServiceAccount, { namespace: key.name, name: "default" })) return undefined;
      const account: ServiceAccount = {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "default", namespace: key.name },
      };
      await client.create(ServiceAccount, account, { fieldManager }).catch(ignoreExisting);
      return undefined;
    },
  });

const rootCaName = "kube-root-ca.crt";
const rootCaDescription =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal " +
  "service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/** Every namespace has the cluster's root certificate. Writes: ConfigMaps. */
export const rootCaPublisher = (rootCa: string): Controller =>
  toleratingConflicts({
    name: "root-ca-certificate-publisher",
    watches: [
      self(Namespace),
      mapped(ConfigMap, ({ metadata }) =>
        metadata.name === rootCaName ? [{ name: metadata.namespace as string }] : [],
      ),
    ],
    async reconcile(key, { cache, client }) {
      if (!isActive(cache.get(Namespace, key))) return undefined;
      const data = { "ca.crt": rootCa };
      const existing = cache.get(ConfigMap, { namespace: key.name, name: rootCaName });
      const annotations = { "kubernetes.io/description": rootCaDescription };
      if (!existing) {
        const metadata = { name: rootCaName, namespace: key.name, annotations };
        await client
          .create(ConfigMap, { apiVersion: "v1", kind: "ConfigMap", metadata, data }, { fieldManager })
          .catch(ignoreExisting);
      } else if (existing.data?.["ca.crt"] !== rootCa) {
        await client.update(ConfigMap, { ...existing, data }, { fieldManager });
      }
      return undefined;
    },
  });

const isActive = (namespace: Namespace | undefined): boolean =>
  namespace !== undefined && !namespace.metadata.deletionTimestamp && namespace.status?.phase !== "Terminating";

function ignoreExisting(error: unknown): void {
  if (!isAlreadyExists(error)) throw error;
}
