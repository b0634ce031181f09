import type { Kind, KubernetesObject, PrinterColumn } from "./kind.ts";
import type { StructuralSchema } from "./structural-schema.ts";

/** What {@link crdOf} makes: the shape of apiextensions.k8s.io/v1 CustomResourceDefinition that we use. */
export interface CrdObject extends KubernetesObject {
  apiVersion: "apiextensions.k8s.io/v1";
  kind: "CustomResourceDefinition";
  spec: {
    group: string;
    names: {
      categories?: string[];
      kind: string;
      listKind: string;
      plural: string;
      shortNames?: string[];
      singular: string;
    };
    scope: "Namespaced" | "Cluster";
    conversion?: { strategy: "None" } | { strategy: "Webhook"; webhook: CrdConversionWebhook };
    versions: CrdVersion[];
  };
}

export interface CrdVersion {
  name: string;
  served: boolean;
  storage: boolean;
  deprecated?: boolean;
  deprecationWarning?: string;
  additionalPrinterColumns?: PrinterColumn[];
  schema: { openAPIV3Schema: StructuralSchema };
  subresources?: {
    status?: Record<string, never>;
    scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string };
  };
}

export interface CrdConversionWebhook {
  conversionReviewVersions: string[];
  clientConfig: {
    url?: string;
    service?: { namespace: string; name: string; path?: string; port?: number };
    caBundle?: string;
  };
}

export interface CrdOptions {
  /** Versions that are served but deprecated, with the warning that kubectl shows. */
  readonly deprecated?: Readonly<Record<string, string>>;
  /** How objects of other versions become the stored one; `None` only changes apiVersion. */
  readonly conversion?: CrdObject["spec"]["conversion"];
}

/** An API server refuses CRDs in a group of Kubernetes' own (`*.k8s.io`) that don't say where the group was approved. */
const approvalAnnotation = "api-approved.kubernetes.io";

/** By group, as upstream's CRDs say it. */
const approvals: Readonly<Record<string, string>> = {
  "autoscaling.k8s.io": "https://github.com/kubernetes/kubernetes/pull/63797",
};

/**
 * The CustomResourceDefinition of a kind in all its versions. The first is the stored one.
 * @throws where the versions are not of one kind, or one is not a custom kind
 */
export function crdOf(kinds: Kind | readonly [Kind, ...Kind[]], options: CrdOptions = {}): CrdObject {
  const versions: readonly Kind[] = Array.isArray(kinds) ? kinds : [kinds as Kind];
  const stored = versions[0] as Kind;
  for (const { group, kind, plural, scope } of versions) {
    if (group !== stored.group || kind !== stored.kind || plural !== stored.plural || scope !== stored.scope) {
      throw new Error(`${group}/${kind} is no version of ${stored.group}/${stored.kind}`);
    }
  }
  const { group, kind, listKind, plural, singular, scope, shortNames, categories } = stored;
  const approval = approvals[group];
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, ...(approval ? { annotations: { [approvalAnnotation]: approval } } : {}) },
    spec: {
      group,
      names: {
        ...(categories.length > 0 ? { categories: [...categories] } : {}),
        kind,
        listKind,
        plural,
        ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
        singular,
      },
      scope,
      ...(options.conversion ? { conversion: options.conversion } : {}),
      versions: versions.map((version) => crdVersion(version, version === stored, options.deprecated)),
    },
  };
}

function crdVersion(kind: Kind, storage: boolean, deprecated: CrdOptions["deprecated"]): CrdVersion {
  const { custom } = kind;
  if (!custom) throw new Error(`${kind.kind} is not a custom kind`);
  const warning = deprecated?.[kind.version];
  const scale = custom.scaleSubresource;
  return {
    ...(custom.columns.length > 0 ? { additionalPrinterColumns: custom.columns.map((column) => ({ ...column })) } : {}),
    ...(warning === undefined ? {} : { deprecated: true, deprecationWarning: warning }),
    name: kind.version,
    schema: { openAPIV3Schema: custom.structural },
    served: true,
    storage,
    ...(custom.statusSubresource || scale
      ? {
          subresources: {
            ...(scale ? { scale: { ...scale } } : {}),
            ...(custom.statusSubresource ? { status: {} } : {}),
          },
        }
      : {}),
  };
}
