import { Deployment, type LabelSelector, StatefulSet, selectorOf } from "@bellows/api";
import { ApiError, type Cache, type Client, type ScaleTarget } from "@bellows/kube";
import type { Seen } from "./engine/decide.ts";

/** What the target's scale says, or why it can't be read. */
export type ObservedScale =
  | (Exclude<Seen["scale"], { error: string }> & {
      readonly resourceVersion?: string;
      /** Whether the target replaces its pods by others. */
      readonly isRollingOut: boolean;
    })
  | {
      readonly error: string;
      /** The autoscaler itself names a target that can't be. */
      readonly isSpec?: true;
    };

/**
 * The scale of a target: from the cache, where it has the target itself, else from the scale subresource. Never throws
 * for a refusal of the server.
 */
export async function observeScale(client: Client, cache: Cache, target: ScaleTarget): Promise<ObservedScale> {
  if (target.apiVersion.split("/").length > 2) {
    return { error: `unexpected GroupVersion string: ${target.apiVersion}`, isSpec: true };
  }
  return cachedScale(cache, target) ?? (await readScale(client, target));
}

/** Reads the scale subresource of the target. */
export async function readScale(client: Client, target: ScaleTarget): Promise<ObservedScale> {
  try {
    const scale = await client.getScale(target);
    const specReplicas = scale.spec?.replicas ?? 0;
    return {
      specReplicas,
      statusReplicas: isArgoRollout(target) ? specReplicas : sharers(specReplicas, scale.status?.replicas),
      selector: scale.status?.selector ?? "",
      isRollingOut: false,
      ...(scale.metadata.resourceVersion && { resourceVersion: scale.metadata.resourceVersion }),
    };
  } catch (error) {
    const message = refusal(error);
    // Upstream looks for the kind in any version of its group.
    if (!message.startsWith("no matches for kind")) return { error: message };
    const group = JSON.stringify(groupOf(target.apiVersion));
    return { error: `no matches for kind ${JSON.stringify(target.kind)} in group ${group}` };
  }
}

/** The target as it is written to: of the kinds that are watched, the version does not matter. */
export const targetOf = (
  { apiVersion = "v1", kind, name }: { apiVersion?: string; kind: string; name: string },
  namespace: string,
): ScaleTarget => ({ apiVersion: watchedKind(apiVersion, kind)?.apiVersion ?? apiVersion, kind, name, namespace });

/** The kinds of most targets: watched, so that their scale needs no request. */
export const watchedTargets = [Deployment, StatefulSet] as const;

/** Its status counts canaries and the stable pods that they stand beside, for as long as a step takes. */
const isArgoRollout = ({ apiVersion, kind }: ScaleTarget): boolean =>
  kind === "Rollout" && groupOf(apiVersion) === "argoproj.io";

const watchedKind = (apiVersion: string, kind: string) =>
  watchedTargets.find((each) => each.kind === kind && each.group === groupOf(apiVersion));

const groupOf = (apiVersion: string): string => apiVersion.slice(0, Math.max(0, apiVersion.indexOf("/")));

interface Workload {
  readonly metadata: { readonly resourceVersion?: string };
  readonly spec?: { readonly replicas?: number; readonly selector?: LabelSelector };
  readonly status?: { readonly replicas?: number; readonly updatedReplicas?: number };
}

function cachedScale(cache: Cache, { apiVersion, kind, namespace, name }: ScaleTarget): ObservedScale | undefined {
  const watched = watchedKind(apiVersion, kind);
  const workload = watched && (cache.get(watched as typeof Deployment, { namespace, name }) as Workload | undefined);
  if (!workload?.spec) return undefined;
  const { replicas = 0, updatedReplicas = 0 } = workload.status ?? {};
  const { replicas: specReplicas = 1 } = workload.spec;
  return {
    specReplicas,
    statusReplicas: sharers(specReplicas, replicas),
    selector: selectorText(workload.spec.selector),
    // A StatefulSet replaces one pod after the other, never beside it.
    isRollingOut: watched === Deployment && updatedReplicas < replicas,
    ...(workload.metadata.resourceVersion && { resourceVersion: workload.metadata.resourceVersion }),
  };
}

/** An average over no pod yet would be a division by zero, whose result upstream shows as `-9223372036854775808m`. */
const sharers = (specReplicas: number, statusReplicas = 0): number => statusReplicas || specReplicas;

const texts = new WeakMap<LabelSelector, string>();

function selectorText(selector: LabelSelector | undefined): string {
  if (!selector) return "";
  let text = texts.get(selector);
  if (text === undefined) texts.set(selector, (text = selectorOf(selector).toString()));
  return text;
}

/** What a server said, or that none answered. Anything else is a fault of ours and goes on. */
export function refusal(error: unknown): string {
  if (error instanceof ApiError || (error instanceof Error && error.name === "TransportError")) return error.message;
  throw error;
}
