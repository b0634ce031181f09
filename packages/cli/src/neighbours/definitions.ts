import { type CrdObject, type CustomResource, CustomResourceDefinition, crdOf, customResources } from "@bellows/api";
import { ApiError, type Client, type Clock, type Logger, sleep } from "@bellows/kube";

/** A definition in the cluster that isn't the one that this version was made with. */
export interface DefinitionProblem {
  readonly name: string;
  readonly problem: string;
  readonly fix: string;
}

interface InstalledDefinition {
  readonly metadata: { readonly name?: string };
  readonly spec?: { readonly versions?: readonly DefinitionVersion[] };
}
type DefinitionVersion = {
  readonly name: string;
  readonly served?: boolean;
  readonly schema?: { readonly openAPIV3Schema?: Schema };
};
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** What brings a definition to this version. */
export const definitionFix = (group: string, plural: string): string =>
  `kubectl apply --server-side --force-conflicts -f deploy/crds/${group}_${plural}.yaml, or helm upgrade with crds.enabled=true`;

/** The custom resource of a path such as `/apis/keda.sh/v1alpha1/scaledobjects`; undefined for other paths. */
export function definitionOfPath(path: string): { readonly version: string; readonly fix: string } | undefined {
  const [, group = "", version = "", plural = ""] =
    /^\/apis\/([^/]+)\/([^/]+)\/(?:namespaces\/[^/]+\/)?([^/]+)$/.exec(path) ?? [];
  const isOurs = customResources.some(({ versions: [kind] }) => kind.group === group && kind.plural === plural);
  return isOurs ? { version, fix: definitionFix(group, plural) } : undefined;
}

/** How the definitions of a cluster differ from those of this version, as far as that changes what is kept. */
export function definitionProblems(
  installed: readonly InstalledDefinition[],
  wanted: readonly CustomResource[] = customResources,
): DefinitionProblem[] {
  const byName = new Map(installed.map((each) => [each.metadata.name, each]));
  return wanted.flatMap((resource) => {
    const crd: CrdObject = crdOf(resource.versions, resource.options);
    const name = crd.metadata.name;
    const fix = definitionFix(crd.spec.group, crd.spec.names.plural);
    const found = byName.get(name);
    if (!found) return [{ name, problem: "is not installed", fix }];
    return crd.spec.versions.flatMap((version) => {
      const served = found.spec?.versions?.find((each) => each.name === version.name);
      if (!served?.served)
        return version.served ? [{ name, problem: `does not serve version ${version.name}`, fix }] : [];
      const missing = missingFields(version.schema.openAPIV3Schema as Schema, served.schema?.openAPIV3Schema ?? {});
      if (missing.length === 0) return [];
      const shown = missing.slice(0, 5).join(", ");
      const more = missing.length > 5 ? ` and ${missing.length - 5} more` : "";
      return [
        { name, problem: `is another version: ${version.name} does not know ${shown}${more}, and drops it`, fix },
      ];
    });
  });
}

/** Between two tries, where the API server does not answer. */
const againMs = 10_000;

/**
 * Tells once which definitions of a controller differ from this version's: it acts on with what they keep. What is
 * missing or not served at all is told by the requests that fail.
 * @param names  as `nodepools.karpenter.sh`
 */
export async function tellDefinitionProblems(
  { client, clock, log, signal }: { client: Client; clock: Clock; log: Logger; signal: AbortSignal },
  names: readonly string[],
): Promise<void> {
  const wanted = customResources.filter(({ versions: [{ plural, group }] }) => names.includes(`${plural}.${group}`));
  while (!signal.aborted) {
    try {
      const found = await Promise.all(names.map((name) => client.find(CustomResourceDefinition, { name })));
      const installed = found.filter((each) => each !== undefined);
      const present = wanted.filter(({ versions: [kind] }) =>
        installed.some(({ metadata }) => metadata.name === `${kind.plural}.${kind.group}`),
      );
      for (const { name, problem, fix } of definitionProblems(installed, present))
        log.warn("the CustomResourceDefinition differs from this version's", { name, problem, fix });
      return;
    } catch (error) {
      if (error instanceof ApiError) return log.warn("CustomResourceDefinitions not checked", { error: error.message });
      await sleep(clock, againMs, signal);
    }
  }
}

/** Fields of `spec` and `status`, one level deep, that `installed` lacks. */
function missingFields(wanted: Schema, installed: Schema): string[] {
  return ["spec", "status"].flatMap((part) => {
    const have = installed.properties?.[part]?.properties ?? {};
    return Object.keys(wanted.properties?.[part]?.properties ?? {})
      .filter((field) => !(field in have))
      .map((field) => `${part}.${field}`);
  });
}
