import {
  ControllerRevision,
  type Kind,
  type KubernetesObject,
  type PodTemplateSpec,
  type Selector,
  stableJson,
} from "@bellows/api";
import { type ControllerContext, isAlreadyExists, keyOf } from "@bellows/kube";
import { claim } from "./ownership.ts";
import { templateHash } from "./template-hash.ts";
import { controllerReference, deleteExactly, fieldManager } from "./writes.ts";

const hashLabel = "controller.kubernetes.io/hash";

/** The template that a revision recorded. */
export const templateOf = (revision: ControllerRevision): PodTemplateSpec | undefined => {
  const data = revision.data as { spec?: { template?: PodTemplateSpec & { $patch?: string } } } | undefined;
  const { $patch: _, ...template } = data?.spec?.template ?? {};
  return data?.spec?.template && (template as PodTemplateSpec);
};

export const hashOf = (revision: ControllerRevision): string => revision.metadata.labels?.[hashLabel] ?? "";

const dataOf = (template: PodTemplateSpec) => ({ spec: { template: { ...template, $patch: "replace" } } });

interface Owner {
  readonly object: KubernetesObject;
  readonly kind: Kind;
  readonly selector: Selector;
  readonly template: PodTemplateSpec;
  readonly collisionCount: number | undefined;
}

export interface Revisions {
  /** Oldest first, with `update` among them. */
  readonly all: readonly ControllerRevision[];
  /** The one of the template as it is now. */
  readonly update: ControllerRevision;
  readonly collisionCount: number | undefined;
}

/** The recorded templates of a StatefulSet or DaemonSet; records the present one where it is new, or makes it the newest. */
export async function syncRevisions(context: ControllerContext, owner: Owner): Promise<Revisions> {
  const { client } = context;
  const claimed = await claim(context, {
    owner: owner.object,
    ownerKind: owner.kind,
    kind: ControllerRevision,
    matches: (revision) => owner.selector.matches(revision.metadata.labels),
  });
  const known = claimed.sort((a, b) => a.revision - b.revision);
  const next = (known.at(-1)?.revision ?? 0) + 1;
  const data = stableJson(dataOf(owner.template));
  const same = known.findLast((revision) => stableJson(revision.data) === data);
  if (same && same === known.at(-1)) return { all: known, update: same, collisionCount: owner.collisionCount };
  if (same) {
    const update = await client.update(ControllerRevision, { ...same, revision: next }, { fieldManager });
    return {
      all: [...known.filter((revision) => revision !== same), update],
      update,
      collisionCount: owner.collisionCount,
    };
  }
  const { revision: update, collisionCount } = await create(context, owner, next);
  return { all: [...known, update], update, collisionCount };
}

async function create({ client }: ControllerContext, owner: Owner, number: number) {
  const { metadata } = owner.object;
  for (let collisionCount = owner.collisionCount; ; collisionCount = (collisionCount ?? 0) + 1) {
    const hash = templateHash(owner.template, collisionCount);
    const wanted: ControllerRevision = {
      apiVersion: "apps/v1",
      kind: "ControllerRevision",
      metadata: {
        name: `${metadata.name.slice(0, 223)}-${hash}`,
        ...(metadata.namespace && { namespace: metadata.namespace }),
        labels: { ...owner.template.metadata?.labels, [hashLabel]: hash },
        ownerReferences: [controllerReference(owner.kind, owner.object)],
      },
      data: dataOf(owner.template) as never,
      revision: number,
    };
    try {
      return { revision: await client.create(ControllerRevision, wanted, { fieldManager }), collisionCount };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const existing = await client.find(ControllerRevision, keyOf(wanted));
      if (existing && stableJson(existing.data) === stableJson(wanted.data))
        return { revision: existing, collisionCount };
    }
  }
}

/** Deletes the oldest revisions beyond `limit` that nothing uses. */
export async function truncateRevisions(
  { client }: ControllerContext,
  all: readonly ControllerRevision[],
  isUsed: (revision: ControllerRevision) => boolean,
  limit = 10,
): Promise<void> {
  const unused = all.filter((revision) => !isUsed(revision));
  for (const revision of unused.slice(0, Math.max(0, unused.length - limit))) {
    await deleteExactly(client, ControllerRevision, revision);
  }
}
