import { PersistentVolumeClaim, Pod } from "@bellows/api";
import { type Controller, isAlreadyExists, keyOf, mapped } from "@bellows/kube";
import { isFinished, isTerminating } from "../pod-state.ts";
import { controllerReference, fieldManager, toleratingConflicts } from "../writes.ts";

/** Makes the claims of generic ephemeral volumes, which live as long as their pod. Writes: claims. */
export const ephemeralClaimController = (): Controller =>
  toleratingConflicts({
    name: "ephemeral-volume-controller",
    watches: [mapped(Pod, (pod) => (pod.spec?.volumes?.some((volume) => volume.ephemeral) ? [keyOf(pod)] : []))],
    reads: [PersistentVolumeClaim as never],
    async reconcile(key, { cache, client }) {
      const pod = cache.get(Pod, key);
      if (!pod || isFinished(pod) || isTerminating(pod)) return undefined;
      for (const volume of pod.spec?.volumes ?? []) {
        const template = volume.ephemeral?.volumeClaimTemplate;
        const name = `${pod.metadata.name}-${volume.name}`;
        if (!template || cache.get(PersistentVolumeClaim, { namespace: key.namespace as string, name })) continue;
        const { labels, annotations } = template.metadata ?? {};
        const metadata = {
          name,
          ...(key.namespace && { namespace: key.namespace }),
          ...(labels && { labels }),
          ...(annotations && { annotations }),
          ownerReferences: [controllerReference(Pod as never, pod)],
        };
        const claim: PersistentVolumeClaim = {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata,
          spec: template.spec,
        };
        await client.create(PersistentVolumeClaim, claim, { fieldManager }).catch((error: unknown) => {
          if (!isAlreadyExists(error)) throw error;
        });
      }
      return undefined;
    },
  });
