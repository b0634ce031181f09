import {
  ConfigMap,
  CronJob,
  DaemonSet,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  type Kind,
  PersistentVolumeClaim,
  Pod,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  StatefulSet,
} from "@bellows/api";
import { type Controller, keyOf, mapped, self, type Watch } from "@bellows/kube";
import { toleratingConflicts, writeStatus } from "../writes.ts";
import { quotaUsage } from "./usage.ts";

const counted = [
  ConfigMap,
  CronJob,
  DaemonSet,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  PersistentVolumeClaim,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  StatefulSet,
] as unknown as readonly Kind[];

const nameOf = ({ plural, group }: Kind) => (group ? `${plural}.${group}` : plural);

/** Keeps what ResourceQuotas say is used. Writes: ResourceQuota status. */
export const resourceQuotaController = (): Controller =>
  toleratingConflicts({
    name: "resourcequota-controller",
    watches: [
      self(ResourceQuota),
      ...[Pod as unknown as Kind, ...counted.filter((kind) => kind.kind !== "ResourceQuota")].map(
        (kind): Watch =>
          mapped(kind, ({ metadata }, { cache }) => cache.list(ResourceQuota, metadata.namespace).map(keyOf)),
      ),
    ],
    async reconcile(key, { cache, client }) {
      const quota = cache.get(ResourceQuota, key);
      if (!quota || quota.metadata.deletionTimestamp) return undefined;
      const { namespace } = key;
      const used = quotaUsage(quota, {
        pods: cache.list(Pod, namespace),
        services: cache.list(Service, namespace),
        claims: cache.list(PersistentVolumeClaim, namespace),
        countOf(resource) {
          const kind = counted.find((each) => nameOf(each) === resource);
          return kind ? cache.list(kind, namespace).length : 0;
        },
      });
      await writeStatus(client, ResourceQuota, quota, { hard: quota.spec?.hard ?? {}, used });
      return undefined;
    },
  });
